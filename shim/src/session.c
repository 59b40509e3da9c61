/* Keeps the table of sessions. */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"

/* Connections that are only told why they get no process. */
enum { REFUSED_PLACES = 16 };

static void *reserve(size_t count, size_t size, int sharing)
{
	/* Pages that no session ever used cost nothing. */
	void *room = mmap(NULL, count * size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

bool sessions_create(struct sessions *sessions, int max_sessions)
{
	/* As many as are in use may be on their way out. */
	const int capacity = 2 * max_sessions + REFUSED_PLACES;

	memset(sessions, 0, sizeof(*sessions));
	sessions->capacity = capacity;
	sessions->max_sessions = max_sessions;
	sessions->all = reserve((size_t)capacity, sizeof(struct session), MAP_PRIVATE);
	sessions->exec_errors = reserve((size_t)capacity, sizeof(int), MAP_SHARED);
	return sessions->all != NULL && sessions->exec_errors != NULL;
}

struct session *sessions_take(struct sessions *sessions, int connection)
{
	for (int i = 0; i < sessions->capacity; i++) {
		struct session *session = &sessions->all[i];
		if (session->in_use)
			continue;
		/* The buffers are left out: their bytes are never read before they are written. */
		memset(session, 0, offsetof(struct session, to_child));
		buffer_clear(&session->to_child);
		buffer_clear(&session->to_peer);
		session->in_use = true;
		session->is_touched = true;
		session->connection = connection;
		session->child_in = -1;
		session->child_out = -1;
		session->left = -1;
		session->last_byte = '\n';
		session->stage_due_ms = NEVER;
		session->quiet_due_ms = NEVER;
		session->deaf_due_ms = NEVER;
		session->linger_due_ms = NEVER;
		if (i >= sessions->used)
			sessions->used = i + 1;
		return session;
	}
	return NULL;
}

bool sessions_are_full(const struct sessions *sessions)
{
	int in_use = 0;
	int living = 0;

	for (int i = 0; i < sessions->used; i++) {
		const struct session *session = &sessions->all[i];
		if (!session->in_use || session->child == 0)
			continue;
		living++;
		if (!session->is_peer_done)
			in_use++;
	}
	return in_use >= sessions->max_sessions || living >= 2 * sessions->max_sessions;
}

struct session *sessions_find(struct sessions *sessions, pid_t child)
{
	for (int i = 0; i < sessions->used; i++)
		if (sessions->all[i].in_use && sessions->all[i].child == child)
			return &sessions->all[i];
	return NULL;
}

bool sessions_are_over(const struct sessions *sessions)
{
	for (int i = 0; i < sessions->used; i++)
		if (sessions->all[i].in_use)
			return false;
	return true;
}

void session_say_last(struct session *session, const char *format, ...)
{
	va_list values;

	if (session->has_last_word)
		return;
	session->has_last_word = true;
	va_start(values, format);
	const int length = vsnprintf(session->last_word, sizeof(session->last_word), format, values);
	va_end(values);
	if (length < 0)
		session->last_word[0] = '\0';
	say_tidy(session->last_word);
}

void session_close_stdin(struct session *session, int64_t now_ms)
{
	if (session->child_in >= 0)
		session->stdin_closed_ms = now_ms;
	close_descriptor(&session->child_in);
	buffer_clear(&session->to_child);
}

void session_release(struct session *session)
{
	close_descriptor(&session->connection);
	close_descriptor(&session->child_in);
	close_descriptor(&session->child_out);
	session->in_use = false;
}

void close_descriptor(int *descriptor)
{
	/* EINTR closes on Linux, and of a pipe or socket nothing else can be lost that could be saved here. */
	if (*descriptor >= 0 && close(*descriptor) < 0 && errno == EBADF)
		say("a descriptor was closed twice: %d", *descriptor);
	*descriptor = -1;
}
