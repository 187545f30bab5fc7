/*
 * The web process's API for programs, version 1: reading only, JSON, described by
 * assets/openapi.json.
 */
#pragma once

#include "web/site.h"

/* `rest`: what stands behind "/api/v1/". */
void api_answer(struct view *, const char *rest);

/* /healthz: 200 while Postwatch does its job, else 503 with the reasons. */
void api_answer_health(struct view *, const char *rest);

/* /readyz: 200 while all is there that is needed to watch and to tell, else 503 with what is waited for. */
void api_answer_ready(struct view *, const char *rest);
