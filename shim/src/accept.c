/* Takes connections in. */
#include "accept.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.h"

enum {
	/* In one turn, so that running sessions are not kept waiting. */
	MOST_AT_ONCE = 64,
	/* Until descriptors or memory may be there again. */
	SHORTAGE_MS = 100,
};

static void begin(struct loop *loop, struct session *session)
{
	struct sessions *sessions = &loop->sessions;
	const char *name = loop->command.argv[0];

	if (sessions_are_full(sessions)) {
		session_say_last(session, "full %d sessions are open, and no more are taken", sessions->max_sessions);
		return;
	}
	if (child_start(session, &loop->command, &sessions->exec_errors[session - sessions->all]))
		return;
	say("unstarted %s: %s", name, strerror(errno));
	session_say_last(session, "unstarted %s: %s", name, strerror(errno));
}

/* Says whether `accept` failed for this one connection only. */
static bool is_passing(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO;
}

void accept_waiting(struct loop *loop, int64_t now_ms)
{
	for (int taken = 0; taken < MOST_AT_ONCE; taken++) {
		const int connection = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (connection < 0) {
			if (is_passing(errno))
				continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				return;
			say("can't take a connection: %s", strerror(errno));
			loop->accept_due_ms = now_ms + SHORTAGE_MS;
			return;
		}
		struct session *session = sessions_take(&loop->sessions, connection);
		if (session != NULL)
			begin(loop, session);
		else
			/* Even the places of those who are only told so are taken: by peers that do not leave. */
			(void)close(connection);
	}
}
