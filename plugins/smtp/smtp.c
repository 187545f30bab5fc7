/*
 * The probe `smtp`: the dialogue with a mail server up to where a mail transaction would begin.
 */
#include "dialogue.h"

PW_PLUGIN_PROBE("smtp", "1.0", "an SMTP server: greeting, EHLO, TLS as configured, QUIT",
    PW_USES_TLS, smtp_settings, &smtp_probe);
