/* Repairs Wine 8, which this library is loaded into. As a process exits, Wine tells each of its other
 * threads twice to end: by the server's reply and by a signal. A thread that gets the signal while it
 * ends begins to end again. This leaves the lock of the dynamic linker locked, for which exit(3) waits
 * until the server kills the process after a second, or crashes. A thread that ends gets no signals.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

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
