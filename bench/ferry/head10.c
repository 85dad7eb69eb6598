/* head10.c: a new head on a frozen ResNet-18 for a folder of pictures, ten epochs, everything from the files to the last
 * step. The stage computes the features once and keeps them. */
#include "bench.h"

#define BATCH 32
#define EPOCHS 10
#define CLASSES 10

typedef struct head {
    fy_dataset *data;
    fy_loader *loader;
    fy_run *run;
    fy_node loss;
    float last;
} head;

static fy_status keep_loss(void *arg, fy_plan *plan, int64_t at, bool *is_over)
{
    head *h = arg;
    (void)is_over;
    return at > 0 ? fy_plan_read(plan, h->loss, &h->last, 1) : FY_OK;
}

static fy_status open_loader(const bench *b, head *h)
{
    fy_loader_opts o = fy_loader_defaults();
    fy_status st;
    o.batch = BATCH;
    o.shuffle = !b->values; /* to be compared, batches are the same on both sides */
    o.workers = 2;
    FY_TRY(bench_open_pictures(b, &h->data));
    FY_TRY(fy_loader_open(h->data, &o, &h->loader));
done:
    return st;
}

static fy_status train(bench *b, head *h, fy_model *net)
{
    fy_graph *g = b->g;
    const fy_optim sgd = fy_sgd(1e-2f, 0.9f, 0);
    const fy_run_opts run = fy_run_defaults();
    fy_status st;
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 3, 224, 224));
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(BATCH));
    const fy_node logits = fy_model_apply_moving(g, net, x, "fc.*");
    h->loss = fy_mean_all(g, fy_cross_entropy(g, logits, y));
    const fy_objective task = fy_objective_add(g, "task", h->loss, &sgd);
    fy_objective_moves_model(g, task, net, "fc.*", NULL);
    fy_stage s = fy_stage_defaults("head", g);
    s.streams[0] = (fy_stream){ .loader = h->loader, .x = x, .y = y };
    s.n_streams = 1;
    s.watches[0] = (fy_watch){ "loss", h->loss };
    s.n_watches = 1;
    s.steps = EPOCHS * fy_loader_epoch_steps(h->loader);
    s.on_eval = keep_loss;
    s.arg = h;
    FY_TRY(fy_run_open(&run, &h->run));
    FY_TRY(fy_stage_run(h->run, b->dev, &s));
done:
    return st;
}

fy_status begin_head10(bench *b)
{
    static head h;
    fy_model *net;
    fy_status st;
    FY_TRY(bench_open_model("resnet18", "net", FY_SHAPE(3, 224, 224), CLASSES, &net));
    FY_TRY(bench_share(b, net, FY_SCALAR, NULL));
    FY_TRY(open_loader(b, &h));
    FY_TRY(train(b, &h, net));
    if (b->values)
        bench_put(b, "last_result", h.last);
done:
    fy_run_close(h.run);
    fy_loader_close(h.loader);
    fy_dataset_free(h.data);
    return st;
}
