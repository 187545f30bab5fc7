/* For the prober: asks the kernel (rtnetlink) for the route to an address. */
#include "prober/route.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union answer {
	struct nlmsghdr head;
	char bytes[2048];
};

/* "How do I get there?", in rtnetlink(7). Returns the size of the answer, 0 where there is none. */
static size_t
ask_kernel(const struct address *to, union answer *answer)
{
	bool is4 = address_is_ipv4(to);
	const size_t width = is4 ? 4 : 16;
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr attribute;
		unsigned char address[16];
	} ask = {
		.head = { .nlmsg_len = (uint32_t)(offsetof(__typeof__(ask), address) + width),
		    .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
		.route = { .rtm_family = (unsigned char)to->any.sa_family,
		    .rtm_dst_len = (unsigned char)(width * 8) },
		.attribute = { .rta_len = (unsigned short)RTA_LENGTH(width), .rta_type = RTA_DST },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	memcpy(ask.address, is4 ? (const void *)&to->v4.sin_addr : &to->v6.sin6_addr, width);
	ssize_t got = fd == -1 || send(fd, &ask, ask.head.nlmsg_len, 0) < 0 ? -1
	    : recv(fd, answer, sizeof *answer, MSG_DONTWAIT);
	if (fd != -1)
		close(fd);
	return got > 0 && NLMSG_OK(&answer->head, (size_t)got)
	    && answer->head.nlmsg_type == RTM_NEWROUTE ? (size_t)got : 0;
}

/* An attribute of the route, NULL: it has none of that type. */
static const struct rtattr *
find(const union answer *answer, size_t size, unsigned short type)
{
	const struct rtmsg *route = NLMSG_DATA(&answer->head);
	const struct rtattr *attribute = RTM_RTA(route);

	if (size == 0)
		return NULL;
	for (size_t left = RTM_PAYLOAD(&answer->head); RTA_OK(attribute,
	    left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == type)
			return attribute;
	return NULL;
}

bool
route_has_router(const struct address *to)
{
	union answer answer;
	size_t size = ask_kernel(to, &answer);

	return find(&answer, size, RTA_GATEWAY) != NULL || find(&answer, size, RTA_VIA) != NULL;
}

bool
route_router(const struct address *to, struct address *router)
{
	union answer answer;
	size_t size = ask_kernel(to, &answer), width = address_is_ipv4(to) ? 4 : 16;
	const struct rtattr *gateway = find(&answer, size, RTA_GATEWAY),
	    *link = find(&answer, size, RTA_OIF);

	if (gateway == NULL || RTA_PAYLOAD(gateway) != width)
		return false;
	*router = width == 4 ? address_ipv4(RTA_DATA(gateway), 0)
	                     : address_ipv6(RTA_DATA(gateway), 0);
	if (width == 16 && link != NULL && RTA_PAYLOAD(link) == sizeof router->v6.sin6_scope_id)
		memcpy(&router->v6.sin6_scope_id, RTA_DATA(link), sizeof router->v6.sin6_scope_id);
	return true;
}
