/*
 * The shim as a process: sets up what all sessions share and runs the loop.
 * Exit codes: 0 ended by a signal, or done; 1 it could not; 2 the command line is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "install.h"
#include "listener.h"
#include "loop.h"
#include "options.h"
#include "reap.h"
#include "say.h"

#ifndef SHIM_VERSION
#error "SHIM_VERSION is given by the Makefile"
#endif

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Makes sure that no pipe of ours gets the number of a standard stream. */
static bool hold_standard_streams(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", O_RDWR) != stream) {
			say("descriptor %d is closed, and /dev/null can't take its place", stream);
			return false;
		}
	}
	return true;
}

/* Takes as many descriptors as are allowed; `found` is what processes of sessions get back. */
static bool raise_descriptors(struct rlimit *found)
{
	if (getrlimit(RLIMIT_NOFILE, found) < 0)
		return false;
	const struct rlimit raised = {.rlim_cur = found->rlim_max, .rlim_max = found->rlim_max};
	return setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

static int run(const struct options *options)
{
	struct loop loop = {
		.socket_path = options->socket_path,
		.command = {.argv = options->command},
		.waits = {.stdin_ms = options->stdin_wait_ms, .term_ms = options->term_wait_ms},
	};

	loop.command.signals = &loop.signals;
	if (!hold_standard_streams())
		return EXIT_FAILED;
	if (!raise_descriptors(&loop.command.descriptors) || !signals_open(&loop.signals) ||
	    !sessions_create(&loop.sessions, options->max_sessions)) {
		say("can't start: %s", strerror(errno));
		return EXIT_FAILED;
	}
	reap_adopt();
	loop.listener = listener_open(options->socket_path);
	if (loop.listener < 0)
		return EXIT_FAILED;
	return loop_run(&loop) ? EXIT_DONE : EXIT_FAILED;
}

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	const struct options options = options_read(argc, argv);

	switch (options.action) {
	case ACTION_RUN:
		return run(&options);
	case ACTION_INSTALL:
		return install_to(options.install_folder) ? EXIT_DONE : EXIT_FAILED;
	case ACTION_VERSION:
		return print("outrigger-shim " SHIM_VERSION "\n");
	case ACTION_HELP:
		return print(options_help);
	case ACTION_REFUSE:
	default:
		return EXIT_USAGE;
	}
}
