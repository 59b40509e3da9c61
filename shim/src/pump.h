/* Moves a session's bytes, both ways, as far as they go without waiting. Knows no message and no framing. */
#ifndef SHIM_PUMP_H
#define SHIM_PUMP_H

#include "session.h"

/* How long a side that closed half may take to end wholly, in ms: an end closes pipes a moment before it is told. */
enum { HALF_CLOSE_MS = 500 };

/* Connection to stdin. */
void pump_input(struct session *session, int64_t now_ms);

/* Stdout to connection. */
void pump_output(struct session *session, int64_t now_ms);

/* Takes notice that the process has closed its stdin. */
void pump_deafen(struct session *session, int64_t now_ms);

#endif
