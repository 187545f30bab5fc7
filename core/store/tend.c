/* Tending, a small step at a time. */
#include <stdlib.h>

#include "store/store_private.h"

struct tending {
	int64_t ballast; /* when it was looked at last */
};

struct tending *
tending_create(void)
{
	return calloc(1, sizeof(struct tending));
}

void
tending_destroy(struct tending **tending)
{
	free(*tending);
	*tending = NULL;
}

void
tending_reset(struct tending *tending)
{
	*tending = (struct tending){ 0 };
}

void
store_tend(struct store *store, int64_t now, struct store_tended *tended)
{
	*tended = (struct store_tended){ 0 };
	ballast_make(store->folder, store->settings.ballast);
	store->tending->ballast = now;
}
