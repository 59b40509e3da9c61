/* What the command line asks for. */
#ifndef SHIM_OPTIONS_H
#define SHIM_OPTIONS_H

enum action { ACTION_RUN, ACTION_INSTALL, ACTION_VERSION, ACTION_HELP, ACTION_REFUSE };

/* Times in ms. `command` is the argv of a session's process, ended by NULL; the strings are main's own. */
struct options {
	enum action action;
	const char *socket_path;
	const char *install_folder;
	int max_sessions;
	int stdin_wait_ms;
	int term_wait_ms;
	char **command;
};

/* Reads the command line. ACTION_REFUSE: it can't be followed, and stderr says why. */
struct options options_read(int argc, char **argv);

/* The text of --help. */
extern const char options_help[];

#endif
