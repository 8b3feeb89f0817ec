/* request.h - checking and copying what engine_submit was given. */
#ifndef XUXIE_ENGINE_REQUEST_H
#define XUXIE_ENGINE_REQUEST_H

#include "engine/engine.h"

/* E_INPUT when the request makes no sense, E_USAGE when a sampling value is out of range. */
int request_check(const struct engine_request *r, struct err *err);

/* A deep copy in one block: free() releases it. E_RESOURCE when memory is out. */
int request_copy(const struct engine_request *r, struct engine_request **out, struct err *err);

#endif
