/* show.c: what the files that show figures share. */
#include "cli/cli.h"

#include <math.h>

void fyi_print_share(int width, double share)
{
    if (isfinite(share))
        printf("%*.1f%%", width - 1, 100 * share);
    else
        printf("%*s", width, "-");
}
