/* Reaps. What a session's end means for its connection is decided in ending.c. */
#include "reap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

void reap_adopt(void)
{
	/* To PID 1 they fall anyway; in a pod with one process namespace somebody else is PID 1. */
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0)
		say("can't become the reaper of orphans: %s", strerror(errno));
}

static void describe_end(struct session *session, const char *name, int status, int exec_error)
{
	if (exec_error != 0) {
		const char *word = exec_error == ENOENT ? "missing" : "unstarted";
		say("%s %s: %s", word, name, strerror(exec_error));
		session_say_last(session, "%s %s: %s", word, name, strerror(exec_error));
	} else if (WIFSIGNALED(status)) {
		session_say_last(session, "killed %d", WTERMSIG(status));
	} else {
		session_say_last(session, "exited %d", WEXITSTATUS(status));
	}
}

/* What an ended process wrote is in the pipe, all of it; what others still write there is nobody's answer. */
static long count_left(const struct session *session)
{
	int left = 0;

	if (session->child_out < 0 || ioctl(session->child_out, FIONREAD, &left) < 0)
		return 0;
	return left;
}

static void bury(struct session *session, int64_t now_ms)
{
	session->child = 0;
	session->left = count_left(session);
	session->is_touched = true;
	session->stage = STAGE_NONE;
	session_close_stdin(session, now_ms);
}

void reap_ended(struct sessions *sessions, const char *name, int64_t now_ms)
{
	for (;;) {
		siginfo_t ended = {.si_pid = 0};
		int status = 0;

		/* Looked at first and reaped later: until then its id, and that of its group, can't be given to others. */
		if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != ECHILD)
				say("can't wait for processes: %s", strerror(errno));
			return;
		}
		if (ended.si_pid == 0)
			return;
		struct session *session = sessions_find(sessions, ended.si_pid);
		if (session != NULL && kill(-ended.si_pid, SIGKILL) < 0 && errno != ESRCH && errno != EPERM)
			say("can't end process group %d: %s", (int)ended.si_pid, strerror(errno));
		if (waitpid(ended.si_pid, &status, 0) < 0)
			say("can't reap process %d: %s", (int)ended.si_pid, strerror(errno));
		if (session == NULL)
			continue;
		describe_end(session, name, status, sessions->exec_errors[session - sessions->all]);
		bury(session, now_ms);
	}
}
