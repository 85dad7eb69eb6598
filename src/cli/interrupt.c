/* interrupt.c: Ctrl-C finishes the step, or breaks off what can be done again, and saves; Ctrl-C again ends at
 * once. */
#include "cli/cli.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_asked;

/* Only what is safe in a handler: write and raise. */
static void ask(int signal_number)
{
    static const char text[] = "\nferry: stopping soon, and saving; once more to quit at once\n";

    if (is_asked) {
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number);
        return;
    }
    is_asked = 1;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        return; /* nobody is listening: the flag is what counts */
}

void fyi_interrupt_begin(void)
{
    struct sigaction action = { .sa_handler = ask, .sa_flags = SA_RESTART };

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

const volatile sig_atomic_t *fyi_interrupt_flag(void)
{
    return &is_asked;
}
