/* Takes the signals that end a container, and those that tell of ended processes. */
#include "signals.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What images name as their stop signal; to PID 1 the kernel gives none of them a meaning of its own. */
static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

static bool fill(sigset_t *set)
{
	if (sigemptyset(set) < 0 || sigaddset(set, SIGCHLD) < 0)
		return false;
	for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
		if (sigaddset(set, stop_signals[i]) < 0)
			return false;
	return true;
}

bool signals_open(struct signals *signals)
{
	sigset_t wanted;
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	/* A peer or a process that is gone is told by the write that fails. */
	if (sigaction(SIGPIPE, &ignored, NULL) < 0)
		return false;
	/* Where a parent ignored it, the kernel would reap in our place and no exit status would be left. */
	if (sigaction(SIGCHLD, &usual, NULL) < 0)
		return false;
	if (!fill(&wanted) || sigprocmask(SIG_BLOCK, &wanted, &signals->found) < 0)
		return false;
	signals->descriptor = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals->descriptor >= 0;
}

struct signals_seen signals_read(const struct signals *signals)
{
	struct signals_seen seen = {.child_ended = false, .stop_wanted = false};
	struct signalfd_siginfo info;

	while (read(signals->descriptor, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			seen.child_ended = true;
		else
			seen.stop_wanted = true;
	}
	return seen;
}

bool signals_restore(const struct signals *signals)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	return sigaction(SIGPIPE, &usual, NULL) == 0 && sigprocmask(SIG_SETMASK, &signals->found, NULL) == 0;
}
