/*
 * One session: a connection, its process, and the bytes between them. What is known of both stands here;
 * pump.c moves the bytes, ending.c decides how it ends.
 */
#ifndef SHIM_SESSION_H
#define SHIM_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"

/* How far the end of a process was pressed for. */
enum stage { STAGE_NONE, STAGE_STDIN_CLOSED, STAGE_TERM_SENT, STAGE_KILL_SENT };

/* The last line of a connection: what became of its process, or why it got none. */
enum { WORD_BYTES = 512 };

struct session {
	bool in_use;
	/* Something happened that the poll does not tell. */
	bool is_touched;

	int connection;
	/* The peer sends no more than what is under way. */
	bool is_peer_done;
	/* The peer has closed the connection. */
	bool is_peer_gone;
	/* All that the peer sent has been read. */
	bool is_input_ended;
	/* The peer reads no more. */
	bool is_mute;
	/* The peer was told that no more comes. */
	bool is_shut;
	/* The shim itself ends: a peer that does not read is not waited for. */
	bool is_hurried;

	/* 0: there is no process, or none any more. */
	pid_t child;
	int child_in;
	int child_out;
	/* Bytes of an ended process that are still to be read; below 0 while it lives. */
	long left;
	unsigned char last_byte;

	enum stage stage;
	/* Deadlines in ms: the next stage; half closing either way; giving up a peer that has heard the last word. */
	int64_t stage_due_ms;
	int64_t quiet_due_ms;
	int64_t deaf_due_ms;
	int64_t linger_due_ms;
	int64_t stdin_closed_ms;

	bool has_last_word;
	char last_word[WORD_BYTES];

	struct buffer to_child;
	struct buffer to_peer;
};

/* All sessions. `exec_errors` has a place per session, shared with new processes: why the command can't be run. */
struct sessions {
	struct session *all;
	int *exec_errors;
	int capacity;
	/* No place from here on was ever used. */
	int used;
	int max_sessions;
	bool is_stopping;
};

/* Makes room for all sessions there may ever be; nothing is allocated later. False with errno. */
bool sessions_create(struct sessions *sessions, int max_sessions);

/* Takes a free place for a connection; NULL where there is none. */
struct session *sessions_take(struct sessions *sessions, int connection);

/* Says whether one more process is too many: of sessions in use, or with those on their way out. */
bool sessions_are_full(const struct sessions *sessions);

struct session *sessions_find(struct sessions *sessions, pid_t child);

bool sessions_are_over(const struct sessions *sessions);

/* Sets the last line of a session, once: what was said first is the cause. */
__attribute__((format(printf, 2, 3))) void session_say_last(struct session *session, const char *format, ...);

/* Closes the process's stdin and forgets what was under way to it. */
void session_close_stdin(struct session *session, int64_t now_ms);

/* Closes everything and frees the place. */
void session_release(struct session *session);

/* Closes a descriptor, if it is one. */
void close_descriptor(int *descriptor);

#endif
