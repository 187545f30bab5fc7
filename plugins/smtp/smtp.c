/* The probe smtp: does a mail server answer as one should, up to the point where mail would begin? */
#include "dialogue.h"

PW_PLUGIN_PROBE("smtp", "1.0", "an SMTP server: greeting, EHLO, TLS as configured, QUIT",
    PW_USES_TLS, smtp_settings, &smtp_probe);
