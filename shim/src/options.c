/* Reads the command line strictly: what is not known is refused. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

const char options_help[] =
	"usage: shim [options] -- COMMAND [ARGS...]\n"
	"       shim --install DIR | --version | --help\n"
	"\n"
	"Runs COMMAND once per connection to a Unix socket, with the connection as its stdin and stdout.\n"
	"\n"
	"  --socket PATH       where to listen (default /outrigger-run/stdio.sock)\n"
	"  --max-sessions N    connections at once (default 64)\n"
	"  --stdin-wait MS     from the end of a process's stdin to SIGTERM (default 2000)\n"
	"  --term-wait MS      from SIGTERM to SIGKILL (default 5000)\n"
	"  --install DIR       copy this program to DIR/shim\n";

enum {
	MAX_SESSIONS_LIMIT = 10000,
	WAIT_LIMIT_MS = 3600000,
};

/* Values of long options, out of the range of characters. */
enum option_id {
	OPT_SOCKET = 256,
	OPT_MAX_SESSIONS,
	OPT_STDIN_WAIT,
	OPT_TERM_WAIT,
	OPT_INSTALL,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option known[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"max-sessions", required_argument, NULL, OPT_MAX_SESSIONS},
	{"stdin-wait", required_argument, NULL, OPT_STDIN_WAIT},
	{"term-wait", required_argument, NULL, OPT_TERM_WAIT},
	{"install", required_argument, NULL, OPT_INSTALL},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

/* Reads a whole number without sign or spaces. */
static bool read_number(const char *text, long min, long max, int *value)
{
	char *end = NULL;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	const long read = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || read < min || read > max)
		return false;
	*value = (int)read;
	return true;
}

static bool take_number(const char *name, long min, long max, int *value)
{
	if (read_number(optarg, min, max, value))
		return true;
	say("%s: expected a whole number from %ld to %ld, got \"%s\"", name, min, max, optarg);
	return false;
}

/* Takes one option over; false where it can't be followed. */
static bool take(int id, char **argv, struct options *options)
{
	switch (id) {
	case OPT_SOCKET:
		options->socket_path = optarg;
		return true;
	case OPT_MAX_SESSIONS:
		return take_number("--max-sessions", 1, MAX_SESSIONS_LIMIT, &options->max_sessions);
	case OPT_STDIN_WAIT:
		return take_number("--stdin-wait", 0, WAIT_LIMIT_MS, &options->stdin_wait_ms);
	case OPT_TERM_WAIT:
		return take_number("--term-wait", 0, WAIT_LIMIT_MS, &options->term_wait_ms);
	case OPT_INSTALL:
		options->install_folder = optarg;
		options->action = ACTION_INSTALL;
		return true;
	case OPT_VERSION:
		options->action = ACTION_VERSION;
		return true;
	case OPT_HELP:
		options->action = ACTION_HELP;
		return true;
	default:
		say("%s: no such option, or its value is missing", argv[optind - 1]);
		return false;
	}
}

/* Says whether the command stands behind `--`: a forgotten `--` would make its flags ours. */
static bool has_command(int argc, char **argv)
{
	if (optind >= argc) {
		say("no command: give it behind --");
		return false;
	}
	if (strcmp(argv[optind - 1], "--") != 0) {
		say("%s: the command stands behind --", argv[optind]);
		return false;
	}
	return true;
}

struct options options_read(int argc, char **argv)
{
	struct options options = {
		.action = ACTION_RUN,
		.socket_path = "/outrigger-run/stdio.sock",
		.max_sessions = 64,
		.stdin_wait_ms = 2000,
		.term_wait_ms = 5000,
	};
	int id;

	opterr = 0;
	/* The plus stops at the first word that is no option: behind it all belongs to the command. */
	while ((id = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		if (!take(id, argv, &options)) {
			options.action = ACTION_REFUSE;
			return options;
		}
	}
	if (options.action != ACTION_RUN)
		return options;
	if (!has_command(argc, argv))
		options.action = ACTION_REFUSE;
	options.command = argv + optind;
	return options;
}
