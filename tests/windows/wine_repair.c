/* Repairs how programs end under Wine 8. Its programs and its server load this library. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As a process exits, Wine tells each of its other threads twice to end: by the server's reply and by
 * a signal. A thread that gets the signal while it ends begins to end again. This leaves the lock of
 * the dynamic linker locked, for which exit(3) waits without end, or crashes. Here, a thread that ends
 * gets no signals. */
void pthread_exit(void *result)
{
	void (*original)(void *);
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	original = (void (*)(void *))dlsym(RTLD_NEXT, "pthread_exit");
	original(result);
	__builtin_unreachable();
}

/* The server kills a process that exists half a second after its last thread has ended, although it
 * may still be exiting on a busy machine. Here, the process keeps its exit code. */
int kill(pid_t process, int signal)
{
	return signal == SIGKILL ? 0 : (int)syscall(SYS_kill, process, signal);
}
