/*
 * The probe `starttls`: the SMTP dialogue of the probe `smtp` (plugins/smtp/dialogue.h) with TLS
 * required.
 */
#include "../smtp/dialogue.h"

PW_PLUGIN_PROBE("starttls", "1.0",
    "an SMTP server with TLS required: greeting, EHLO, STARTTLS, EHLO inside, QUIT",
    PW_USES_TLS | PW_REQUIRES_TLS, smtp_settings, &smtp_probe);
