// axes.c: the tables behind axes.h.
#include "models/axes.h"

#include "models/container/container.h"
#include "models/fullvirt/bt.h"
#include "models/fullvirt/hw.h"
#include "models/fullvirt/trap.h"
#include "models/io.h"
#include "models/native.h"
#include "models/nested.h"
#include "models/paravirt/paravirt.h"
#include "models/passthrough.h"
#include "models/shadow.h"
#include "models/type1/type1.h"
#include "models/type2/type2.h"
#include "models/virtio.h"

#include <assert.h>

static const struct technique_ops *const techniques[TECHNIQUE_COUNT] = {
    [TECHNIQUE_NONE] = &native_technique,
    [TECHNIQUE_TRAP] = &trap_technique,
    [TECHNIQUE_BT] = &bt_technique,
    [TECHNIQUE_HW] = &hw_technique,
    [TECHNIQUE_PARAVIRT] = &paravirt_technique,
    [TECHNIQUE_CONTAINER] = &container_technique,
};

static const struct paging_ops *const pagings[PAGING_COUNT] = {
    [PAGING_DIRECT] = &direct_paging,
    [PAGING_SHADOW] = &shadow_paging,
    [PAGING_NESTED] = &nested_paging,
};

static const struct platform_ops *const platforms[PLATFORM_COUNT] = {
    [PLATFORM_TYPE1] = &type1_platform,
    [PLATFORM_TYPE2] = &type2_platform,
};

static const struct io_ops *const ios[IO_COUNT] = {
    [IO_EMULATED] = &emulated_io,
    [IO_PARAVIRT] = &paravirt_io,
    [IO_PASSTHROUGH] = &passthrough_io,
};

const struct technique_ops *axis_technique(enum technique t)
{
    assert(t < TECHNIQUE_COUNT && techniques[t]);
    return techniques[t];
}

const struct paging_ops *axis_paging(enum paging p)
{
    assert(p < PAGING_COUNT);
    return pagings[p];
}

const struct platform_ops *axis_platform(enum platform p)
{
    assert(p < PLATFORM_COUNT);
    return platforms[p];
}

const struct io_ops *axis_io(enum io_kind k)
{
    assert(k < IO_COUNT);
    return ios[k];
}
