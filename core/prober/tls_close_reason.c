/*
 * For the prober: maps OpenSSL's error reasons and the peer's alerts, where a TLS connection
 * failed, to outcomes and words.
 */
#include "prober/tls_close_reason.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sslerr.h>

#include "prober/tls_private.h"

enum meaning {
	FAILED,   /* tls_failed */
	REFUSED,  /* tls_failed; the same alert is sent for many reasons, an outdated version
	           * among them */
	VERSION,  /* tls_version */
	WEAK,     /* tls_params that a legacy context accepts */
	PARAMS,   /* tls_params */
	PROTOCOL, /* tls_protocol */
	ABUSE,    /* tls_abuse */
	TOO_LARGE /* cert_chain_limit where it is the certificates that are */
};

static const struct {
	int reason;
	enum meaning meaning;
} reasons[] = {
	{ SSL_R_UNSUPPORTED_PROTOCOL, VERSION },
	{ SSL_R_VERSION_TOO_LOW, VERSION },
	{ SSL_R_UNKNOWN_SSL_VERSION, VERSION },
	{ SSL_R_WRONG_SSL_VERSION, VERSION },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, VERSION },

	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, REFUSED },
	{ SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, REFUSED },

	{ SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED, WEAK },
	{ SSL_R_WRONG_SIGNATURE_TYPE, WEAK },
	{ SSL_R_DH_KEY_TOO_SMALL, WEAK },

	{ SSL_R_BAD_DH_VALUE, PARAMS },
	{ SSL_R_BAD_ECPOINT, PARAMS },
	{ SSL_R_BAD_ECC_CERT, PARAMS },
	{ SSL_R_EE_KEY_TOO_SMALL, PARAMS },
	{ SSL_R_CA_KEY_TOO_SMALL, PARAMS },
	{ SSL_R_WRONG_CURVE, PARAMS },
	{ SSL_R_UNSUPPORTED_ELLIPTIC_CURVE, PARAMS },
	{ SSL_R_UNABLE_TO_FIND_ECDH_PARAMETERS, PARAMS },
	{ SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS, PARAMS },
	{ SSL_R_UNKNOWN_CERTIFICATE_TYPE, PARAMS },
	{ SSL_R_WRONG_CERTIFICATE_TYPE, PARAMS },
	{ SSL_R_CERT_LENGTH_MISMATCH, PROTOCOL },

	{ SSL_R_BAD_SIGNATURE, FAILED },
	{ SSL_R_DIGEST_CHECK_FAILED, FAILED },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, FAILED },
	{ SSL_R_SSLV3_ALERT_BAD_RECORD_MAC, FAILED },

	{ SSL_R_TOO_MANY_KEY_UPDATES, ABUSE },
	{ SSL_R_TOO_MANY_WARN_ALERTS, ABUSE },
	{ SSL_R_RECORD_TOO_SMALL, ABUSE }, /* many empty ones */
	{ SSL_R_NO_RENEGOTIATION, ABUSE },
	{ SSL_R_EXCESSIVE_MESSAGE_SIZE, TOO_LARGE },
};

/* IANA's registry of TLS alerts; the library has no words for some of them. */
static const struct {
	int number;
	const char *name;
} alerts[] = {
	{ 0, "close notify" },
	{ 10, "unexpected message" },
	{ 20, "bad record MAC" },
	{ 21, "decryption failed" },
	{ 22, "record overflow" },
	{ 30, "decompression failure" },
	{ 40, "handshake failure" },
	{ 41, "no certificate" },
	{ 42, "bad certificate" },
	{ 43, "unsupported certificate" },
	{ 44, "certificate revoked" },
	{ 45, "certificate expired" },
	{ 46, "certificate unknown" },
	{ 47, "illegal parameter" },
	{ 48, "unknown CA" },
	{ 49, "access denied" },
	{ 50, "decode error" },
	{ 51, "decrypt error" },
	{ 52, "too many CIDs requested" },
	{ 60, "export restriction" },
	{ 70, "protocol version" },
	{ 71, "insufficient security" },
	{ 80, "internal error" },
	{ 86, "inappropriate fallback" },
	{ 90, "user canceled" },
	{ 100, "no renegotiation" },
	{ 109, "missing extension" },
	{ 110, "unsupported extension" },
	{ 111, "certificate unobtainable" },
	{ 112, "unrecognized name" },
	{ 113, "bad certificate status response" },
	{ 114, "bad certificate hash value" },
	{ 115, "unknown PSK identity" },
	{ 116, "certificate required" },
	{ 117, "general error" },
	{ 120, "no application protocol" },
	{ 121, "ECH required" },
};

static enum meaning
meaning_of(const struct tls *tls)
{
	unsigned long reason = tls->reason;

	if (ERR_GET_LIB(reason) == ERR_LIB_ASN1)
		return PROTOCOL;
	/* Keys, curves and groups that the other parts of the library refuse; once all is agreed,
	 * a record that is damaged. */
	if (ERR_GET_LIB(reason) != ERR_LIB_SSL)
		return tls->finished ? FAILED : PARAMS;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].reason == ERR_GET_REASON(reason))
			return reasons[i].meaning;
	return tls_is_alert(tls) ? FAILED : PROTOCOL;
}

/* A server that insists on our certificate says so by one of these: RFC 8446, section 6.2, and
 * RFC 5246, 7.4.6. */
static bool
wants_our_certificate(const struct tls *tls)
{
	int alert = ERR_GET_REASON(tls->reason) - SSL_AD_REASON_OFFSET;

	if (!tls_is_alert(tls))
		return false;
	return alert == SSL_AD_CERTIFICATE_REQUIRED || (tls->client_cert_asked
	    && (alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_BAD_CERTIFICATE
	    || alert == SSL_AD_NO_CERTIFICATE || alert == SSL_AD_CERTIFICATE_UNKNOWN
	    || alert == SSL_AD_ACCESS_DENIED));
}

static bool
is_chain_too_large(const struct tls *tls)
{
	return meaning_of(tls) == TOO_LARGE && SSL_get_state(tls->ssl) == TLS_ST_CR_CERT;
}

static const char *
outcome_of_reason(const struct tls *tls)
{
	if (wants_our_certificate(tls))
		return "client_cert_required";
	switch (meaning_of(tls)) {
	case FAILED:
	case REFUSED:
		return "tls_failed";
	case VERSION:
		return "tls_version";
	case WEAK:
	case PARAMS:
		return "tls_params";
	case PROTOCOL:
		return "tls_protocol";
	case ABUSE:
		return "tls_abuse";
	case TOO_LARGE:
		return is_chain_too_large(tls) ? "cert_chain_limit" : "tls_abuse";
	}
	return "tls_failed";
}

/* Whether a context that takes what is outdated may get further. */
static bool
may_be_outdated(const struct tls *tls)
{
	enum meaning meaning = meaning_of(tls);

	return !tls->finished && tls->policy->kind != TLS_LEGACY && !wants_our_certificate(tls)
	    && (meaning == VERSION || meaning == REFUSED || meaning == WEAK);
}

static void
tell_reason(const struct tls *tls, struct text *text)
{
	const char *words = ERR_reason_error_string(tls->reason), *alert = "not assigned";
	int number = ERR_GET_REASON(tls->reason) - SSL_AD_REASON_OFFSET;

	if (words == NULL)
		words = "no reason given";
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].number == number)
			alert = alerts[i].name;
	if (is_chain_too_large(tls))
		text_format(text, "the certificate chain is larger than %ld KiB",
		    SSL_get_max_cert_list(tls->ssl) / 1024);
	else if (tls_is_alert(tls))
		text_format(text, "the server gives up TLS with alert %d (%s)", number, alert);
	else if (tls->finished && (ERR_GET_LIB(tls->reason) != ERR_LIB_SSL
	    || ERR_GET_REASON(tls->reason) == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC))
		text_format(text, "what came inside TLS cannot be decrypted (%s)", words);
	else
		text_format(text, "TLS failed: %s", words);
}

/* In the order of what is sure: our own caps and refusals first, then what we lack, and the
 * library's reason last. */
static void
fail(const struct tls *tls, struct close_reason *reason)
{
	struct text text = TEXT_OVER(reason->text);

	reason->end = STREAM_TLS_FAILED;
	reason->alert = tls_is_alert(tls);
	if (tls->abuse != NULL) {
		reason->outcome = "tls_abuse";
		text_format(&text, "a flood inside TLS: %s", tls->abuse);
	} else if (tls->refused != NULL) {
		reason->outcome = tls->refused;
		text_add(&text, tls->refusal);
	} else if (ERR_GET_REASON(tls->reason) == ERR_R_MALLOC_FAILURE) {
		*reason = close_reason_of_error(ENOMEM, CLOSE_LATER);
	} else if (RAND_status() != 1) {
		reason->end = STREAM_OURS;
		reason->outcome = "not_permitted";
		text_add(&text, "our own system gives no random bytes");
	} else {
		reason->outcome = outcome_of_reason(tls);
		reason->may_be_outdated = may_be_outdated(tls);
		tell_reason(tls, &text);
	}
}

struct close_reason
tls_close_reason(const struct tls *tls, enum tls_step end)
{
	struct close_reason reason = close_reason_of_error(end == TLS_BROKEN ? tls->error : 0,
	    CLOSE_LATER);

	if (end == TLS_CLOSED_BARE) {
		struct text text = TEXT_OVER(reason.text);
		reason.end = STREAM_CLOSED_BARE;
		text_add(&text, "the peer closed the connection without close_notify");
	} else if (end == TLS_FAILED) {
		fail(tls, &reason);
	}
	reason.in_clear = (struct pw_bytes){ tls->clear.bytes, tls->clear.size };
	return reason;
}
