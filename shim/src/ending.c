/*
 * The order of an end: stdin closed, wait, SIGTERM to the group, wait, SIGKILL. The end of a process: its output is
 * delivered, then the last word, then the connection is closed. Half closes pass in both directions.
 */
#include "ending.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "clock.h"
#include "pump.h"
#include "say.h"

enum {
	/* So long a peer may go on writing, or not reading, after the last word. */
	LINGER_MS = 2000,
	/* Until a process that was just started leads its group. */
	RETRY_MS = 10,
};

/* Signals the process group; false where there is none yet. */
static bool signal_group(const struct session *session, int signal)
{
	/* EPERM: what is left belongs to another user and can't be reached from here. */
	return kill(-session->child, signal) == 0 || errno != ESRCH;
}

static void press(struct session *session, const struct waits *waits, int64_t now_ms)
{
	const bool is_first = session->stage == STAGE_STDIN_CLOSED;

	if (!signal_group(session, is_first ? SIGTERM : SIGKILL)) {
		session->stage_due_ms = now_ms + RETRY_MS;
		return;
	}
	session->stage = is_first ? STAGE_TERM_SENT : STAGE_KILL_SENT;
	session->stage_due_ms = is_first ? now_ms + waits->term_ms : NEVER;
}

static void begin_pressing(struct session *session, const struct waits *waits, int64_t now_ms)
{
	if (session->stage != STAGE_NONE || session->child == 0)
		return;
	/* A process whose stdin ended long ago has had its time. */
	const int64_t from_ms = session->child_in < 0 ? session->stdin_closed_ms : now_ms;
	session->stage = STAGE_STDIN_CLOSED;
	session->stage_due_ms = clock_later(now_ms, from_ms + waits->stdin_ms);
}

void ending_begin(struct session *session, const struct waits *waits, int64_t now_ms)
{
	session->is_touched = true;
	session->is_hurried = true;
	session_close_stdin(session, now_ms);
	begin_pressing(session, waits, now_ms);
}

/* Tells the peer that no more comes. */
static void shut(struct session *session)
{
	/* ENOTCONN: the peer has left, which the poll tells too. */
	if (shutdown(session->connection, SHUT_WR) < 0 && errno != ENOTCONN)
		session->is_mute = true;
	session->is_shut = true;
}

static void half_close(struct session *session, int64_t now_ms)
{
	if (session->quiet_due_ms <= now_ms && buffer_is_empty(&session->to_peer)) {
		session->quiet_due_ms = NEVER;
		shut(session);
	}
	if (session->deaf_due_ms <= now_ms) {
		session->deaf_due_ms = NEVER;
		session->is_input_ended = true;
		session->is_peer_done = true;
		if (shutdown(session->connection, SHUT_RD) < 0 && errno != ENOTCONN)
			session->is_peer_gone = true;
	}
}

/* Writes the last word, on a line of its own, behind all that the process wrote. */
static void speak_last(struct session *session, int64_t now_ms)
{
	char line[WORD_BYTES + sizeof(SAY_MARK) + 2];
	const char *before = session->last_byte == '\n' ? "" : "\n";

	if (session->is_shut || session->is_mute)
		return;
	if (snprintf(line, sizeof(line), "%s%s%s\n", before, SAY_MARK, session->last_word) < 0)
		return;
	buffer_put(&session->to_peer, line);
	session->last_word[0] = '\0';
	pump_output(session, now_ms);
}

static void give_up_later(struct session *session, int64_t now_ms)
{
	session->linger_due_ms = clock_earlier(session->linger_due_ms, now_ms + LINGER_MS);
}

/* Ends a connection that has no process any more. */
static void part(struct session *session, int64_t now_ms)
{
	if (session->is_peer_gone) {
		session_release(session);
		return;
	}
	if (session->is_hurried)
		give_up_later(session, now_ms);
	const bool is_delivered = session->child_out < 0 && buffer_is_empty(&session->to_peer);
	if (is_delivered && session->last_word[0] != '\0')
		speak_last(session, now_ms);
	if (session->child_out >= 0 || !buffer_is_empty(&session->to_peer))
		return;
	if (!session->is_shut)
		shut(session);
	give_up_later(session, now_ms);
	if (session->is_mute || session->is_input_ended)
		session_release(session);
}

void ending_advance(struct session *session, const struct waits *waits, int64_t now_ms)
{
	if (session->child > 0) {
		if (session->is_peer_gone)
			begin_pressing(session, waits, now_ms);
		if (session->stage_due_ms <= now_ms)
			press(session, waits, now_ms);
		half_close(session, now_ms);
		return;
	}
	part(session, now_ms);
	if (session->in_use && session->linger_due_ms <= now_ms)
		session_release(session);
}

int64_t ending_due_ms(const struct session *session)
{
	if (session->child == 0)
		return session->linger_due_ms;
	/* What the peer has not read yet comes first, and the poll tells when it does. */
	const int64_t quiet_ms = buffer_is_empty(&session->to_peer) ? session->quiet_due_ms : NEVER;
	const int64_t half_ms = clock_earlier(quiet_ms, session->deaf_due_ms);
	return clock_earlier(session->stage_due_ms, half_ms);
}
