/* new_head.c: starts from somebody's file, whose classes were others: everything is loaded but the last layer. */
#include <stdio.h>

#include <ferry/ferry.h>

static fy_status open_net(int64_t n_classes, uint64_t seed, fy_model **out)
{
    fy_model_opts o = fy_model_defaults();

    o.input = FY_SHAPE(1, 28, 28);
    o.n_classes = n_classes;
    o.seed = seed;
    return fy_model_open("lenet", "net", &o, out);
}

/* Stands for a file of ten classes from elsewhere; a .pth or .npz under the same names would do as well. */
static fy_status write_theirs(const char *path)
{
    fy_model *theirs = NULL;
    fy_status st;

    FY_TRY(open_net(10, /*seed*/ 1, &theirs));
    FY_TRY(fy_model_save(theirs, path));
done:
    fy_model_free(theirs);
    return st;
}

int main(void)
{
    const char *path = "theirs.safetensors";
    fy_model *net = NULL;
    fy_fit *fit = NULL;
    fy_status st;
    int n_new = 0;

    FY_TRY(write_theirs(path));
    FY_TRY(open_net(7, /*seed*/ 2, &net));

    /* What fits is loaded; the last layer, of seven classes here, keeps its initial values. */
    fy_fit_opts how = fy_fit_defaults();
    how.allow_missing = false;
    FY_TRY(fy_model_load_partly(net, path, &how, &fit));
    printf("%s", fit->text);
    n_new = fit->count[FY_FIT_NEW_HEAD];
done:
    if (st != FY_OK)
        fprintf(stderr, "new_head: %s\n", fy_last_error());
    fy_fit_free(fit);
    fy_model_free(net);
    /* The tests run this program: the last layer is a weight and a bias. */
    return st == FY_OK && n_new == 2 ? 0 : 1;
}
