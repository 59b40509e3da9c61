/* Signals as something to be read: the shim never runs code inside a handler. */
#ifndef SHIM_SIGNALS_H
#define SHIM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* `descriptor` is readable when a signal has come; `found` is the mask that the shim was started with. */
struct signals {
	int descriptor;
	sigset_t found;
};

/* What came since the last look. */
struct signals_seen {
	bool child_ended;
	bool stop_wanted;
};

/* Takes the signals over; false with errno. */
bool signals_open(struct signals *signals);

struct signals_seen signals_read(const struct signals *signals);

/* Gives a new process the signals as the shim itself found them; false with errno. */
bool signals_restore(const struct signals *signals);

#endif
