/* How a session ends, whoever begins it: the peer, the process, or the shim. */
#ifndef SHIM_ENDING_H
#define SHIM_ENDING_H

#include "session.h"

/* Waits in ms. */
struct waits {
	int stdin_ms;
	int term_ms;
};

/* Takes a session as far towards its end as it has come; it may be released afterwards. */
void ending_advance(struct session *session, const struct waits *waits, int64_t now_ms);

/* Begins the end of a session because the shim itself ends. */
void ending_begin(struct session *session, const struct waits *waits, int64_t now_ms);

/* The next time at which something is due without any event. */
int64_t ending_due_ms(const struct session *session);

#endif
