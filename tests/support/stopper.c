/* stopper.c: see stopper.h. */
#include "support/stopper.h"

#include <string.h>
#include <unistd.h>

void fyt_stop_there(void *arg, const fy_progress *p)
{
    fyt_stopper *s = arg;

    if (!s->stage || strcmp(p->stage, s->stage) != 0)
        return;
    if (s->sees_all)
        (void)usleep(110000);
    if (p->step >= s->at)
        s->flag = 1;
}
