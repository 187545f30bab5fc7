/*
 * For the prober: judges a finished TLS handshake: every fault of the certificates that was
 * recorded during verification becomes an outcome with a sentence, and the settings say which of
 * them fail the leg (the dialogue with that address).
 */
#include "prober/tls_judge.h"

#include <assert.h>
#include <openssl/err.h>
#include <string.h>
#include "base/clock.h"
#include "prober/tls_trial.h"
#include "prober/tls_verify.h"

static const int64_t day = (int64_t)24 * 3600 * SECOND;

static const char *const code_names[TLS_CODES] = {
	[TLS_CERT_CHAIN_LIMIT] = "cert_chain_limit",
	[TLS_CERT_EXPIRED] = "cert_expired",
	[TLS_CERT_NOT_YET_VALID] = "cert_not_yet_valid",
	[TLS_CERT_REVOKED] = "cert_revoked",
	[TLS_CERT_NAME] = "cert_name",
	[TLS_CERT_SELF_SIGNED] = "cert_self_signed",
	[TLS_CERT_MISSING_INTERMEDIATE] = "cert_missing_intermediate",
	[TLS_CERT_UNTRUSTED] = "cert_untrusted",
	[TLS_CERT_WEAK_KEY] = "cert_weak_key",
	[TLS_CERT_WEAK_SIGNATURE] = "cert_weak_signature",
	[TLS_CERT_PURPOSE] = "cert_purpose",
	[TLS_CERT_INVALID] = "cert_invalid",
};

static const struct {
	int error;
	enum tls_code code;
} meanings[] = {
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, TLS_CERT_CHAIN_LIMIT },
	{ X509_V_ERR_CERT_HAS_EXPIRED, TLS_CERT_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID, TLS_CERT_NOT_YET_VALID },
	{ X509_V_ERR_CERT_REVOKED, TLS_CERT_REVOKED },
	{ X509_V_ERR_HOSTNAME_MISMATCH, TLS_CERT_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_CERT_NAME },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_CERT_SELF_SIGNED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, TLS_CERT_UNTRUSTED },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, TLS_CERT_WEAK_KEY },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, TLS_CERT_WEAK_KEY },
	{ X509_V_ERR_CA_MD_TOO_WEAK, TLS_CERT_WEAK_SIGNATURE },
	{ X509_V_ERR_INVALID_PURPOSE, TLS_CERT_PURPOSE },
};

/* Whether so little is left that the end is near; by a lifetime that makes no sense no share is
 * taken. */
static bool
is_within(const struct cert_limit *limit, int64_t left, const X509 *certificate)
{
	struct tls_term term;

	if (limit->left == 0 && limit->percent == 0)
		return false;
	if (limit->left != 0 && left >= limit->left)
		return false;
	return limit->percent == 0 || !tls_term_of(certificate, &term)
	    || left < (term.end - term.from) / 100 * limit->percent;
}

/* Software that renews by itself does so when a third is left; certificates that last no longer
 * than this are nearly all renewed so. A quarter leaves it time to try again, and so does a
 * quarter less than the last one had left. */
static bool
missed_renewal(const struct tls_trial *trial)
{
	enum { RENEWED_BY_ITSELF = 100, LATE_PERCENT = 25 };
	struct tls_term term;

	if (!tls_term_of(trial->leaf, &term) || term.end <= trial->least)
		return false;
	int64_t left = term.end - trial->least, percent = (term.end - term.from) / 100;
	return (term.end - term.from <= RENEWED_BY_ITSELF * day && left < percent * LATE_PERCENT)
	    || left < percent / 100 * trial->renewed * (100 - LATE_PERCENT);
}

/* Of the chain's certificates the one that ends first decides when it ends; which of them is
 * near its end depends on the lifetime of each (an intermediate lasts years, a leaf weeks). */
static void
find_end(struct tls_trial *trial)
{
	int count = sk_X509_num(trial->chain);
	int64_t end;

	trial->ends_depth = trial->near_depth = -1;
	if (trial->leaf == NULL)
		return;
	trial->renewal_missed = trial->doubt == CLOCK_BELIEVED && missed_renewal(trial);
	for (int i = 0; i < (count > 0 ? count : 1); i++) {
		const X509 *certificate = tls_trial_certificate(trial, i);

		if (!tls_time(X509_get0_notAfter(certificate), &end))
			continue;
		if (trial->ends_depth == -1 || end < trial->ends) {
			trial->ends_depth = i;
			trial->ends = end;
		}
		for (enum cert_level level = CERT_SOON; level < CERT_LEVELS; level++)
			if (is_within(&trial->settings->cert_warn[level], end - trial->least,
			    certificate) && (trial->near_depth == -1 || level > trial->near)) {
				trial->near_depth = i;
				trial->near = level;
			}
	}
}

static enum tls_code
meaning_of(struct tls_trial *trial, const struct tls_fault *fault)
{
	enum tls_code code = TLS_CERT_INVALID;

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].error == fault->error)
			code = meanings[i].code;
	if (code == TLS_CERT_UNTRUSTED && fault->error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
		trial->gap = tls_gap_of(trial);
		if (trial->gap == GAP_LEFT_OUT || trial->gap == GAP_LONE_LIKELY)
			return TLS_CERT_MISSING_INTERMEDIATE;
	}
	if (code == TLS_CERT_PURPOSE && fault->depth > 0)
		return TLS_CERT_INVALID; /* an issuer that may not issue */
	return code;
}

static void
add_fault(struct tls_trial *trial, enum tls_code code, int error, int depth)
{
	if (trial->found[code])
		return;
	trial->found[code] = true;
	trial->fault[code] = (struct tls_fault){ error, depth };
}

static bool
is_date(const struct tls_fault *fault)
{
	return fault->error == X509_V_ERR_CERT_HAS_EXPIRED
	    || fault->error == X509_V_ERR_CERT_NOT_YET_VALID;
}

/* The library knows one clock: by another it is as it should be. */
static bool
is_of_clock(const struct tls_trial *trial, const struct tls_fault *fault)
{
	const X509 *certificate = tls_trial_certificate(trial, fault->depth);
	int64_t time;

	if (certificate == NULL)
		return false;
	if (fault->error == X509_V_ERR_CERT_HAS_EXPIRED)
		return tls_time(X509_get0_notAfter(certificate), &time) && time > trial->least;
	if (fault->error == X509_V_ERR_CERT_NOT_YET_VALID)
		return tls_time(X509_get0_notBefore(certificate), &time) && time <= trial->most;
	return false;
}

static void
collect(struct tls_trial *trial)
{
	const struct tls *tls = trial->tls;

	for (uint32_t i = 0; i < tls->fault_count; i++)
		if (!is_of_clock(trial, &tls->faults[i])
		    && (trial->doubt == CLOCK_BELIEVED || !is_date(&tls->faults[i])))
			add_fault(trial, meaning_of(trial, &tls->faults[i]), tls->faults[i].error,
			    tls->faults[i].depth);
	if (trial->doubt == CLOCK_BELIEVED && trial->ends_depth != -1
	    && trial->ends <= trial->least)
		add_fault(trial, TLS_CERT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, trial->ends_depth);
	if (tls_staple_says_revoked(tls))
		add_fault(trial, TLS_CERT_REVOKED, X509_V_ERR_CERT_REVOKED, 0);
	if (trial->leaf == NULL)
		add_fault(trial, TLS_CERT_INVALID, X509_V_ERR_UNSPECIFIED, 0);
}

/* Deciding */

/* Whether the settings ask for what this code is about. */
static bool
is_checked(const struct tls_settings *settings, enum tls_code code)
{
	switch (settings->verify) {
	case TLS_VERIFY_NONE:
		return code == TLS_CERT_CHAIN_LIMIT
		    || (code == TLS_CERT_EXPIRED && settings->cert_warn_given);
	case TLS_VERIFY_CHAIN:
		return code != TLS_CERT_NAME;
	case TLS_VERIFY_WARN:
	case TLS_VERIFY_FULL:
		return true;
	}
	return true;
}

static bool
is_failure(const struct tls_settings *settings, enum tls_code code)
{
	return code == TLS_CERT_CHAIN_LIMIT || settings->verify == TLS_VERIFY_CHAIN
	    || settings->verify == TLS_VERIFY_FULL;
}

/* In the order of outcomes.def: the gravest fault is the outcome, all others are warnings or not
 * told. */
static void
decide(const struct tls_trial *trial, struct evidence_log *log, struct tls_judgement *judgement)
{
	judgement->verified = true;
	for (enum tls_code code = 0; code < TLS_CODES; code++) {
		char bytes[EVIDENCE_TEXT_MAX];
		struct text text = TEXT_OVER(bytes);

		if (!trial->found[code])
			continue;
		judgement->verified = false;
		if (!is_checked(trial->settings, code))
			continue;
		tls_tell_fault(&text, trial, code);
		bool fails = is_failure(trial->settings, code);
		if (!fails)
			evidence_add_warning(log, code_names[code], "handshake", bytes);
		if (judgement->outcome[0] != '\0')
			continue;
		judgement->failed = fails;
		(void)strncpy(judgement->outcome, code_names[code], sizeof judgement->outcome - 1);
		memcpy(judgement->text, bytes, sizeof bytes);
	}
}

static void
warn_of_end(const struct tls_trial *trial, struct evidence_log *log)
{
	static const char *const codes[CERT_LEVELS] = {
		[CERT_SOON] = "cert_expires_soon", [CERT_URGENT] = "cert_expires_urgent",
	};
	const struct tls_settings *settings = trial->settings;
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	if ((settings->verify == TLS_VERIFY_NONE && !settings->cert_warn_given)
	    || trial->near_depth == -1
	    || trial->doubt != CLOCK_BELIEVED || trial->found[TLS_CERT_EXPIRED])
		return;
	tls_tell_end(&text, trial);
	evidence_add_warning(log, codes[trial->near], "handshake", bytes);
}

static void
add_facts(const struct tls_trial *trial, const struct tls_judgement *judgement,
    struct evidence_log *log)
{
	const struct tls *tls = trial->tls;
	char bytes[32];
	struct text text = TEXT_OVER(bytes);

	evidence_add_fact(log, "tls_version",
	    (struct pw_bytes){ judgement->version, strlen(judgement->version) }, true);
	evidence_add_fact(log, "tls_cipher",
	    (struct pw_bytes){ judgement->cipher, strlen(judgement->cipher) }, false);
	if (trial->leaf == NULL)
		return;
	const struct tls_facts *facts = tls_facts_find(tls->policy->facts, &tls->chain,
	    trial->leaf);
	if (facts != NULL)
		tls_facts_add(facts, log);
	if (trial->ends_depth == -1)
		return;
	tls_time_add(&text, trial->ends);
	evidence_add_fact(log, "cert_chain_ends", (struct pw_bytes){ text.bytes, text.size },
	    false);
}

/* Whether a usual context offers the cipher. */
static bool
is_usual(const struct tls *tls, const struct tls_settings *settings, const SSL_CIPHER *cipher)
{
	struct tls_policy *usual = tls_policy_find(tls->policy->home, settings, TLS_USUAL);
	STACK_OF(SSL_CIPHER) *offered = tls_policy_is_usable(usual)
	    ? SSL_CTX_get_ciphers(usual->context) : NULL;

	for (int i = 0; i < sk_SSL_CIPHER_num(offered); i++)
		if (SSL_CIPHER_get_id(sk_SSL_CIPHER_value(offered, i)) == SSL_CIPHER_get_id(cipher))
			return true;
	return false;
}

/* What a usual context would not have taken; of several the first that it would have met. False:
 * nothing that shows. */
static bool
tell_weakness(const struct tls *tls, const struct tls_settings *settings, struct text *text)
{
	enum { DH_BITS = 2048 };
	const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
	EVP_PKEY *group = NULL;
	int signature = NID_undef, bits = 0;

	if (SSL_get_peer_tmp_key(tls->ssl, &group) == 1
	    && EVP_PKEY_get_base_id(group) == EVP_PKEY_DH)
		bits = EVP_PKEY_get_bits(group);
	EVP_PKEY_free(group);
	if (!is_usual(tls, settings, cipher)) {
		text_format(text, "it agrees on no better cipher than %s",
		    SSL_CIPHER_get_name(cipher));
	} else if (bits > 0 && bits < DH_BITS) {
		text_format(text, "its Diffie-Hellman group has %d bits only", bits);
	} else if (SSL_get_peer_signature_nid(tls->ssl, &signature) == 1
	    && (signature == NID_sha1 || signature == NID_md5)) {
		text_format(text, "it signs its part of the handshake with %s only",
		    OBJ_nid2sn(signature));
	} else {
		return false;
	}
	return true;
}

/* The legacy context reaches servers that must not pass for more than they are. */
static void
judge_age(const struct tls *tls, const struct tls_settings *settings,
    struct tls_judgement *judgement)
{
	struct text text = text_over(judgement->outdated_text, sizeof judgement->outdated_text);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
	const char *outdated = "";

	if (cipher == NULL || SSL_CIPHER_get_cipher_nid(cipher) == NID_undef) {
		outdated = "tls_params";
		text_format(&text, "nothing is encrypted (%s)", judgement->cipher);
	} else if (SSL_version(tls->ssl) < settings->min_version) {
		outdated = "tls_version";
		text_format(&text, "%s is the newest version it speaks", judgement->version);
	} else if (tls->policy->kind == TLS_LEGACY && tell_weakness(tls, settings, &text)) {
		outdated = "tls_legacy";
	} else if (SSL_version(tls->ssl) <= TLS1_2_VERSION
	    && SSL_get_secure_renegotiation_support(tls->ssl) != 1) {
		outdated = "tls_legacy";
		text_add(&text, "it does not know secure renegotiation (RFC 5746)");
	}
	(void)strncpy(judgement->outdated, outdated, sizeof judgement->outdated - 1);
	if (strcmp(outdated, "tls_params") != 0 || settings->mode == PW_TLS_OPPORTUNISTIC
	    || judgement->failed)
		return;
	judgement->failed = true;
	memcpy(judgement->outcome, judgement->outdated, sizeof judgement->outcome);
	memcpy(judgement->text, judgement->outdated_text, sizeof judgement->outdated_text);
}

/* What would fail by its dates, were our clock to be believed. */
static void
tell_undated(const struct tls_trial *trial, struct tls_judgement *judgement)
{
	struct text text = text_over(judgement->undated, sizeof judgement->undated);

	for (uint32_t i = 0; i < trial->tls->fault_count && judgement->undated[0] == '\0'; i++) {
		const struct tls_fault *fault = &trial->tls->faults[i];
		enum tls_code code = fault->error == X509_V_ERR_CERT_HAS_EXPIRED ? TLS_CERT_EXPIRED
		    : TLS_CERT_NOT_YET_VALID;
		struct tls_trial told = *trial;

		if (!is_date(fault) || is_of_clock(trial, fault)
		    || !is_checked(trial->settings, code) || !is_failure(trial->settings, code))
			continue;
		told.fault[code] = *fault;
		tls_tell_fault(&text, &told, code);
		text_add(&text, "; but ");
		our_clock_add_words(&text, trial->doubt, trial->now);
	}
}

bool
tls_clock_evidence(const struct tls *tls, struct clock_evidence *evidence)
{
	const struct tls_trial trial = { .tls = tls, .leaf = SSL_get0_peer_certificate(tls->ssl),
		.chain = SSL_get0_verified_chain(tls->ssl) };
	int count = sk_X509_num(trial.chain);
	struct tls_term term;

	if (trial.leaf == NULL)
		return false;
	*evidence = (struct clock_evidence){ .from = INT64_MIN, .end = INT64_MAX };
	for (int i = 0; i < (count > 0 ? count : 1); i++) {
		if (!tls_term_of(tls_trial_certificate(&trial, i), &term))
			return false;
		evidence->from = term.from > evidence->from ? term.from : evidence->from;
		evidence->end = term.end < evidence->end ? term.end : evidence->end;
	}
	if (X509_NAME_cmp(X509_get_subject_name(trial.leaf), X509_get_issuer_name(trial.leaf)) != 0)
		evidence->issuer = X509_NAME_hash_ex(X509_get_issuer_name(trial.leaf), NULL, NULL,
		    NULL);
	return true;
}

/* The library's queue of errors is emptied before and after: reading certificates leaves errors
 * that are none. */
void
tls_judge(const struct tls *tls, const struct tls_settings *settings, const struct tls_clock *clock,
    struct evidence_log *log, struct tls_judgement *judgement)
{
	struct tls_trial trial = { .tls = tls, .settings = settings, .now = clock->now,
	    .doubt = clock->doubt, .renewed = clock->renewed,
		.least = clock->before < clock->now ? clock->before : clock->now,
		.most = clock->before > clock->now ? clock->before : clock->now };
	struct text version = text_over(judgement->version, sizeof judgement->version);
	struct text cipher = text_over(judgement->cipher, sizeof judgement->cipher);
	struct text renewal = text_over(judgement->renewal, sizeof judgement->renewal);

	ERR_clear_error();
	*judgement = (struct tls_judgement){ .client_cert_asked = tls->client_cert_asked,
		.doubt = clock->doubt };
	text_add(&version, SSL_get_version(tls->ssl));
	text_add(&cipher, SSL_get_cipher_name(tls->ssl));
	trial.leaf = SSL_get0_peer_certificate(tls->ssl);
	trial.chain = SSL_get0_verified_chain(tls->ssl);
	assert(trial.least <= trial.most && trial.least <= trial.now);
	find_end(&trial);
	assert(trial.near_depth == -1 || trial.ends_depth != -1);
	collect(&trial);
	decide(&trial, log, judgement);
	warn_of_end(&trial, log);
	if (clock->doubt != CLOCK_BELIEVED)
		tell_undated(&trial, judgement);
	if (trial.renewal_missed)
		tls_tell_renewal(&renewal, &trial);
	add_facts(&trial, judgement, log);
	judge_age(tls, settings, judgement);
	ERR_clear_error();
}
