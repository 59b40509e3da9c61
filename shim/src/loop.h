/* The one loop: waits for everything at once and takes each session one step further. */
#ifndef SHIM_LOOP_H
#define SHIM_LOOP_H

#include "child.h"
#include "ending.h"

/* What the loop runs with. */
struct loop {
	int listener;
	const char *socket_path;
	struct signals signals;
	struct command command;
	struct waits waits;
	struct sessions sessions;
	/* While descriptors are short no connection is taken. */
	int64_t accept_due_ms;
	bool is_stopping;
};

/* Runs until a stop signal has come and every session is over; false with a line on stderr where it can't go on. */
bool loop_run(struct loop *loop);

#endif
