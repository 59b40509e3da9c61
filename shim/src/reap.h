/* The end of processes: those of sessions, and those that were left to us. */
#ifndef SHIM_REAP_H
#define SHIM_REAP_H

#include "session.h"

/* Makes the shim the one that orphans in its container fall to; a line on stderr where that fails. */
void reap_adopt(void);

/* Reaps every process that has ended, and ends what a session's process leaves in its group. `name`: the command. */
void reap_ended(struct sessions *sessions, const char *name, int64_t now_ms);

#endif
