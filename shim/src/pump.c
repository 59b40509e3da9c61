/* Moves bytes. Bounded per turn, so that one busy session never keeps the others waiting. */
#include "pump.h"

enum { ROUNDS = 8 };

void pump_deafen(struct session *session, int64_t now_ms)
{
	session_close_stdin(session, now_ms);
	session->deaf_due_ms = now_ms + HALF_CLOSE_MS;
}

/* Reads on where nobody takes it, so that a peer that still writes hears the last word before an error. */
static void discard_input(struct session *session)
{
	for (int round = 0; round < ROUNDS && !session->is_input_ended; round++) {
		const enum flow flow = buffer_fill(&session->to_child, session->connection, BUFFER_BYTES);
		buffer_clear(&session->to_child);
		if (flow == FLOW_BLOCKED)
			return;
		session->is_input_ended = flow == FLOW_ENDED;
	}
}

/* One turn from the connection to stdin; false when nothing moves any more. */
static bool move_input(struct session *session, int64_t now_ms)
{
	if (buffer_is_empty(&session->to_child)) {
		if (session->is_input_ended)
			return false;
		const enum flow read = buffer_fill(&session->to_child, session->connection, BUFFER_BYTES);
		if (read == FLOW_ENDED) {
			session->is_input_ended = true;
			session->is_peer_done = true;
		}
		if (read != FLOW_MOVED)
			return false;
	}
	const enum flow written = buffer_drain(&session->to_child, session->child_in);
	if (written == FLOW_ENDED)
		pump_deafen(session, now_ms);
	return written == FLOW_MOVED;
}

void pump_input(struct session *session, int64_t now_ms)
{
	if (session->child == 0) {
		discard_input(session);
		return;
	}
	for (int round = 0; round < ROUNDS && session->child_in >= 0; round++)
		if (!move_input(session, now_ms))
			break;
	if (session->child_in >= 0 && session->is_input_ended && buffer_is_empty(&session->to_child))
		session_close_stdin(session, now_ms);
}

static void end_output(struct session *session, int64_t now_ms)
{
	close_descriptor(&session->child_out);
	session->quiet_due_ms = now_ms + HALF_CLOSE_MS;
}

/* Reads from stdout; false when nothing came. */
static bool read_output(struct session *session, int64_t now_ms)
{
	if (session->child_out < 0)
		return false;
	const bool is_alive = session->left < 0;
	const size_t limit = is_alive ? BUFFER_BYTES : (size_t)session->left;
	const enum flow flow =
		limit == 0 ? FLOW_ENDED : buffer_fill(&session->to_peer, session->child_out, limit);

	if (flow == FLOW_MOVED) {
		const size_t length = session->to_peer.end;
		session->last_byte = session->to_peer.bytes[length - 1];
		if (!is_alive)
			session->left -= (long)length;
		return true;
	}
	/* An ended process leaves nothing to wait for. */
	if (flow == FLOW_ENDED || !is_alive)
		end_output(session, now_ms);
	return false;
}

void pump_output(struct session *session, int64_t now_ms)
{
	for (int round = 0; round < ROUNDS; round++) {
		if (buffer_is_empty(&session->to_peer) && !read_output(session, now_ms))
			return;
		if (!session->is_mute && !session->is_peer_gone) {
			const enum flow flow = buffer_drain(&session->to_peer, session->connection);
			if (flow == FLOW_BLOCKED)
				return;
			session->is_mute = flow == FLOW_ENDED;
		}
		/* What nobody reads is dropped, so that the process is not held up on its way to its end. */
		if (session->is_mute || session->is_peer_gone)
			buffer_clear(&session->to_peer);
	}
}
