/* What the tests of the Windows program need another Windows program for:
 *
 *   helper hold FILE FLAG                          has FILE open exclusively while FLAG exists
 *   helper read FILE FLAG                          has FILE open for reading while FLAG exists
 *   helper acl FILE                                prints the access control list of FILE
 *   helper interrupt FILE COMMAND...               runs COMMAND in a console without a window, sends
 *                                                  Ctrl-C once FILE exists, and exits as COMMAND does
 *   helper block COMMAND...                        the same with two Ctrl-C, and a pipe as both outputs
 *                                                  that nobody reads, once that is full
 */

#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <wchar.h>

/* In milliseconds. */
#define PAUSE 5
#define LIMIT 30000
#define BETWEEN 3000
#define TRIES 12000

static int exists(const wchar_t *path)
{
	return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static int fail(const char *call)
{
	fprintf(stderr, "%s: error %lu\n", call, GetLastError());
	return 99;
}

static int hold(const wchar_t *path, const wchar_t *flag, DWORD share)
{
	HANDLE file = CreateFileW(path, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return fail("CreateFile");
	fprintf(stderr, "held\n");
	fflush(stderr);
	for (int tries = 0; tries < TRIES && exists(flag); tries++)
		Sleep(PAUSE);
	CloseHandle(file);
	return 0;
}

static int print_acl(wchar_t *path)
{
	SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	PSECURITY_DESCRIPTOR descriptor;
	wchar_t *text;
	SetLastError(GetNamedSecurityInfoW(path, SE_FILE_OBJECT, what, NULL, NULL, NULL, NULL, &descriptor));
	if (GetLastError() != ERROR_SUCCESS)
		return fail("GetNamedSecurityInfo");
	if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, what, &text, NULL))
		return fail("ConvertSecurityDescriptorToStringSecurityDescriptor");
	printf("%ls\n", text);
	return 0;
}

static BOOL WINAPI ignore(DWORD event)
{
	(void)event;
	return TRUE;
}

/* Waits until the pipe is full: it has bytes, and does not get more. */
static void wait_until_full(HANDLE pipe)
{
	DWORD before = 0, now = 0;
	for (int tries = 0; tries < 100 && (now == 0 || now != before); tries++) {
		before = now;
		Sleep(100);
		PeekNamedPipe(pipe, NULL, 0, NULL, &now, NULL);
	}
}

/* `flag` is NULL for a command whose output nobody reads. */
static int interrupt(const wchar_t *flag, int arguments, wchar_t **words)
{
	static wchar_t line[32768];
	STARTUPINFOW start = { .cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES };
	SECURITY_ATTRIBUTES inherited = { .nLength = sizeof inherited, .bInheritHandle = TRUE };
	PROCESS_INFORMATION process;
	HANDLE unread = NULL;
	DWORD code;

	for (int word = 0; word < arguments; word++) {
		wcscat(line, word ? L" \"" : L"\"");
		wcscat(line, words[word]);
		wcscat(line, L"\"");
	}
	start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
	start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
	start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
	if (!flag && !CreatePipe(&unread, &start.hStdOutput, &inherited, 4096))
		return fail("CreatePipe");
	if (unread)
		start.hStdError = start.hStdOutput;
	if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &start, &process))
		return fail("CreateProcess");
	if (unread)
		wait_until_full(unread);
	for (int tries = 0; flag && tries < TRIES && !exists(flag); tries++) {
		if (WaitForSingleObject(process.hProcess, PAUSE) == WAIT_OBJECT_0)
			break;
	}
	FreeConsole();
	if (!AttachConsole(process.dwProcessId))
		return fail("AttachConsole");
	SetConsoleCtrlHandler(ignore, TRUE);
	for (int count = flag ? 1 : 2; count > 0; count--) {
		if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
			return fail("GenerateConsoleCtrlEvent");
		/* Wine delivers it as a signal, and a pending one absorbs the next. */
		if (count > 1)
			Sleep(BETWEEN);
	}
	if (WaitForSingleObject(process.hProcess, LIMIT) != WAIT_OBJECT_0) {
		fprintf(stderr, "the command does not end\n");
		TerminateProcess(process.hProcess, 97);
		return 97;
	}
	if (!GetExitCodeProcess(process.hProcess, &code))
		return fail("GetExitCodeProcess");
	return (int)code;
}

int wmain(int count, wchar_t **words)
{
	if (count == 4 && !wcscmp(words[1], L"hold"))
		return hold(words[2], words[3], 0);
	if (count == 4 && !wcscmp(words[1], L"read"))
		return hold(words[2], words[3], FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
	if (count == 3 && !wcscmp(words[1], L"acl"))
		return print_acl(words[2]);
	if (count > 3 && !wcscmp(words[1], L"interrupt"))
		return interrupt(words[2], count - 3, words + 3);
	if (count > 2 && !wcscmp(words[1], L"block"))
		return interrupt(NULL, count - 2, words + 2);
	fprintf(stderr, "unknown arguments\n");
	return 98;
}
