/*
 * The web process's API for programs, version 1: reading only, JSON, described by
 * assets/openapi.json. Each function answers an address of it (site.c).
 */
#pragma once

#include "web/site.h"

/* 200 while Postwatch does its job, else 503 with the reasons: also /healthz. */
void api_answer_health(struct view *);
/* The same, which is 200 in any case. */
void api_answer_health_told(struct view *);
/* 200 while all is there that is needed to watch and to tell, else 503 with what is waited for: /readyz. */
void api_answer_ready(struct view *);
void api_answer_status(struct view *);
void api_answer_openapi(struct view *);
void api_answer_targets(struct view *);
void api_answer_target(struct view *);
void api_answer_incidents(struct view *);
void api_answer_incident(struct view *);
void api_answer_attempt(struct view *);
void api_answer_deliveries(struct view *);
void api_answer_conditions(struct view *);
