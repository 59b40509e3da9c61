/* Polls. What an event means for a session is decided in pump.c and ending.c. */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "clock.h"
#include "listener.h"
#include "pump.h"
#include "reap.h"
#include "say.h"

/*
 * Places of the poll: the listener stands first, so that a peer which left before another one came is seen to have
 * left. Every session has three.
 */
enum { POLL_LISTENER, POLL_SIGNALS, POLL_SESSIONS };
enum { POLL_CONNECTION, POLL_CHILD_IN, POLL_CHILD_OUT, POLL_PER_SESSION };

static bool wants_input(const struct session *session)
{
	if (session->is_input_ended)
		return false;
	return session->child == 0 || (session->child_in >= 0 && buffer_is_empty(&session->to_child));
}

static void watch_connection(const struct session *session, struct pollfd *place)
{
	int events = 0;

	if (wants_input(session))
		events |= POLLIN;
	if (!session->is_peer_done)
		events |= POLLRDHUP;
	if (!buffer_is_empty(&session->to_peer) && !session->is_mute)
		events |= POLLOUT;
	/* A peer that has gone is told for ever: it is asked only where there is something to do about it. */
	const bool is_wanted = !session->is_peer_gone || wants_input(session);
	*place = (struct pollfd){.fd = is_wanted ? session->connection : -1, .events = (short)events};
}

static void watch_session(const struct session *session, struct pollfd *places)
{
	const bool has_input = !buffer_is_empty(&session->to_child);
	/* An end of output is told for ever too, so it is looked for only where there is room for what comes before it. */
	const bool has_room = buffer_is_empty(&session->to_peer);

	watch_connection(session, &places[POLL_CONNECTION]);
	places[POLL_CHILD_IN] = (struct pollfd){.fd = session->child_in, .events = has_input ? POLLOUT : 0};
	places[POLL_CHILD_OUT] = (struct pollfd){.fd = has_room ? session->child_out : -1, .events = POLLIN};
}

/* Fills the places in; returns the time at which something is due without an event. */
static int64_t watch_all(struct loop *loop, struct pollfd *places, int64_t now_ms)
{
	const bool takes_more = !loop->is_stopping && loop->accept_due_ms <= now_ms;
	int64_t due_ms = takes_more || loop->is_stopping ? NEVER : loop->accept_due_ms;

	places[POLL_LISTENER] = (struct pollfd){.fd = takes_more ? loop->listener : -1, .events = POLLIN};
	places[POLL_SIGNALS] = (struct pollfd){.fd = loop->signals.descriptor, .events = POLLIN};
	for (int i = 0; i < loop->sessions.used; i++) {
		const struct session *session = &loop->sessions.all[i];
		struct pollfd *of_session = &places[POLL_SESSIONS + i * POLL_PER_SESSION];
		if (session->in_use) {
			watch_session(session, of_session);
			due_ms = session->is_touched ? now_ms : clock_earlier(due_ms, ending_due_ms(session));
		} else {
			for (int place = 0; place < POLL_PER_SESSION; place++)
				of_session[place] = (struct pollfd){.fd = -1};
		}
	}
	return due_ms;
}

static void note_events(struct session *session, const struct pollfd *places, int64_t now_ms)
{
	const int connection = places[POLL_CONNECTION].revents;

	if (connection & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
		session->is_peer_done = true;
	if (connection & (POLLHUP | POLLERR | POLLNVAL))
		session->is_peer_gone = true;
	if (places[POLL_CHILD_IN].revents & (POLLERR | POLLNVAL))
		pump_deafen(session, now_ms);
	if (connection | places[POLL_CHILD_IN].revents | places[POLL_CHILD_OUT].revents)
		session->is_touched = true;
}

static void stop(struct loop *loop, int64_t now_ms)
{
	loop->is_stopping = true;
	listener_close(loop->listener, loop->socket_path);
	for (int i = 0; i < loop->sessions.used; i++)
		if (loop->sessions.all[i].in_use)
			ending_begin(&loop->sessions.all[i], &loop->waits, now_ms);
}

static void take_signals(struct loop *loop, int64_t now_ms)
{
	const struct signals_seen seen = signals_read(&loop->signals);

	if (seen.child_ended)
		reap_ended(&loop->sessions, loop->command.argv[0], now_ms);
	if (seen.stop_wanted && !loop->is_stopping)
		stop(loop, now_ms);
}

static void advance_all(struct loop *loop, int64_t now_ms)
{
	for (int i = 0; i < loop->sessions.used; i++) {
		struct session *session = &loop->sessions.all[i];
		if (!session->in_use || (!session->is_touched && ending_due_ms(session) > now_ms))
			continue;
		session->is_touched = false;
		pump_input(session, now_ms);
		pump_output(session, now_ms);
		ending_advance(session, &loop->waits, now_ms);
	}
}

static int wait_ms(int64_t due_ms, int64_t now_ms)
{
	if (due_ms == NEVER)
		return -1;
	const int64_t left_ms = clock_later(0, due_ms - now_ms);
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* One turn; false where the poll fails for good. */
static bool turn(struct loop *loop, struct pollfd *places)
{
	const int watched = loop->sessions.used;
	int64_t now_ms = clock_now_ms();
	const int64_t due_ms = watch_all(loop, places, now_ms);
	const nfds_t count = (nfds_t)(POLL_SESSIONS + watched * POLL_PER_SESSION);

	if (poll(places, count, wait_ms(due_ms, now_ms)) < 0)
		return errno == EINTR || errno == EAGAIN;
	now_ms = clock_now_ms();
	for (int i = 0; i < watched; i++)
		if (loop->sessions.all[i].in_use)
			note_events(&loop->sessions.all[i], &places[POLL_SESSIONS + i * POLL_PER_SESSION], now_ms);
	if (places[POLL_SIGNALS].revents != 0)
		take_signals(loop, now_ms);
	/* Ends before beginnings: a place that has become free is taken at once. */
	advance_all(loop, now_ms);
	if (places[POLL_LISTENER].revents != 0 && !loop->is_stopping)
		accept_waiting(loop, now_ms);
	return true;
}

bool loop_run(struct loop *loop)
{
	const size_t most = POLL_SESSIONS + (size_t)loop->sessions.capacity * POLL_PER_SESSION;
	struct pollfd *places = calloc(most, sizeof(*places));

	if (places == NULL) {
		say("no memory for %d sessions", loop->sessions.max_sessions);
		return false;
	}
	bool ok = true;
	while (ok && !(loop->is_stopping && sessions_are_over(&loop->sessions)))
		ok = turn(loop, places);
	if (!ok)
		say("can't wait for events: %s", strerror(errno));
	free(places);
	return ok;
}
