/* Which connection becomes a session. */
#ifndef SHIM_ACCEPT_H
#define SHIM_ACCEPT_H

#include "loop.h"

/* Takes the connections that wait; each gets a process, or one line that says why not. */
void accept_waiting(struct loop *loop, int64_t now_ms);

#endif
