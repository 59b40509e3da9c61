/* Starts processes. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What a shell answers for a command that can't be run. */
enum { EXIT_NO_COMMAND = 127 };

/* The shim's ends of both pipes, and the process's. */
struct pipes {
	int in[2];
	int out[2];
};

static bool is_never_blocking(int descriptor)
{
	const int flags = fcntl(descriptor, F_GETFL);
	return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

static void close_pipes(struct pipes *pipes)
{
	const int cause = errno;

	for (int side = 0; side < 2; side++) {
		close_descriptor(&pipes->in[side]);
		close_descriptor(&pipes->out[side]);
	}
	errno = cause;
}

static bool open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){.in = {-1, -1}, .out = {-1, -1}};
	/* Only our ends never block: the process gets pipes as a shell would make them. */
	if (pipe2(pipes->in, O_CLOEXEC) == 0 && pipe2(pipes->out, O_CLOEXEC) == 0 && is_never_blocking(pipes->in[1]) &&
	    is_never_blocking(pipes->out[0]))
		return true;
	close_pipes(pipes);
	return false;
}

/* Everything between fork and exec; false with errno. */
static bool prepare(const struct command *command, const struct pipes *pipes, pid_t shim)
{
	if (setsid() < 0 || dup2(pipes->in[0], STDIN_FILENO) < 0 || dup2(pipes->out[1], STDOUT_FILENO) < 0)
		return false;
	/* Where the shim is killed itself, nobody would end its processes. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return false;
	if (getppid() != shim)
		_exit(EXIT_NO_COMMAND);
	return setrlimit(RLIMIT_NOFILE, &command->descriptors) == 0 && signals_restore(command->signals);
}

bool child_start(struct session *session, const struct command *command, int *exec_error)
{
	struct pipes pipes;
	const pid_t shim = getpid();

	*exec_error = 0;
	if (!open_pipes(&pipes))
		return false;
	const pid_t child = fork();
	if (child == 0) {
		if (prepare(command, &pipes, shim))
			(void)execvp(command->argv[0], command->argv);
		*exec_error = errno;
		_exit(EXIT_NO_COMMAND);
	}
	if (child < 0) {
		close_pipes(&pipes);
		return false;
	}
	session->child = child;
	session->child_in = pipes.in[1];
	session->child_out = pipes.out[0];
	close_descriptor(&pipes.in[0]);
	close_descriptor(&pipes.out[1]);
	return true;
}
