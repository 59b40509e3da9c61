/* The start of a session's process. Its end is in reap.c. */
#ifndef SHIM_CHILD_H
#define SHIM_CHILD_H

#include <stdbool.h>
#include <sys/resource.h>

#include "session.h"
#include "signals.h"

/* What every process gets: its argv, and what the shim changed for itself. */
struct command {
	char **argv;
	const struct signals *signals;
	struct rlimit descriptors;
};

/*
 * Starts the session's process: in a session and process group of its own, with pipes as stdin and stdout and the
 * shim's stderr. False with errno where there is no process; a command that can't be run is told by `exec_error` when
 * its process has ended.
 */
bool child_start(struct session *session, const struct command *command, int *exec_error);

#endif
