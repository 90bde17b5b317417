"""Sums of products: a layer's one order of adding up, for one stream and for several at once.

The terms k = 0 … K−1 are summed in blocks of 32, each from zero and in order, by fused
multiply-adds; the blocks are added in order (blocked summation, Higham 2002, §4.2). The lanes lie
along outputs, and streams side by side have sums of their own: so neither the width of a vector
nor the number of streams can change the order of any sum.
"""

# pyright: standard
# llvmlite and numba's extension interface are not typed.

from typing import Any

from llvmlite import ir
from numba.core import types

from streamrnn.kernels.vector import FLOAT, fma_of, intrinsic, load_of, pointer_of, splat_of

BLOCK = 32  # terms of a partial sum: the rounding error of K terms falls from O(K) to O(√(32 K))
UNROLL = 8  # of these, in one turn of a loop


@intrinsic
def accumulate(typingctx: Any, sums: Any, weights: Any, inputs: Any, count: Any) -> Any:
    """`sums[g] + Σ_k weights[k, g] * inputs[k]`, k = 0 … count-1, in one fixed order.

    `sums` is a tuple of vectors of equal width, one a gate; `weights` the address of float32
    `(count, gates, lanes)`, a multiple of 64 bytes; `inputs` the address of float32 `(count,)`.
    """
    gates, lanes = len(sums), sums[0].lanes
    vector, i64 = ir.VectorType(FLOAT, lanes), ir.IntType(64)
    zero = ir.Constant(vector, [0.0] * lanes)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        packed, weight, value, terms = args
        entry = builder.block
        outer, first, inner, last, done = (
            builder.append_basic_block(name) for name in ("outer", "first", "inner", "last", "done")
        )
        initial = [builder.extract_value(packed, g) for g in range(gates)]
        builder.branch(outer)

        builder.position_at_end(outer)
        begin, begin_row = builder.phi(i64), builder.phi(i64)
        totals = [builder.phi(vector) for _ in range(gates)]
        builder.cbranch(builder.icmp_signed("<", begin, terms), first, done)

        builder.position_at_end(first)
        end = builder.add(begin, i64(BLOCK))
        end = builder.select(builder.icmp_signed("<", end, terms), end, terms)
        builder.branch(inner)

        builder.position_at_end(inner)
        k, row = builder.phi(i64), builder.phi(i64)
        partial = [builder.phi(vector) for _ in range(gates)]
        scalar = load_of(builder, builder.add(value, builder.shl(k, i64(2))), FLOAT, 4)
        x = splat_of(builder, scalar, lanes)
        fused = [
            fma_of(
                builder, load_of(builder, builder.add(row, i64(4 * g * lanes)), vector, 64), x, p
            )
            for g, p in enumerate(partial)
        ]
        next_k = builder.add(k, i64(1))
        next_row = builder.add(row, i64(4 * gates * lanes))
        builder.cbranch(builder.icmp_signed("<", next_k, end), inner, last)

        builder.position_at_end(last)
        added = [builder.fadd(total, block) for total, block in zip(totals, fused, strict=True)]
        builder.branch(outer)

        for phi, start, later in [
            (begin, i64(0), next_k),
            (begin_row, weight, next_row),
            *zip(totals, initial, added, strict=True),
        ]:
            phi.add_incoming(start, entry)
            phi.add_incoming(later, last)
        for phi, start, later in [
            (k, begin, next_k),
            (row, begin_row, next_row),
            *((p, zero, f) for p, f in zip(partial, fused, strict=True)),
        ]:
            phi.add_incoming(start, first)
            phi.add_incoming(later, inner)

        builder.position_at_end(done)
        result = packed
        for g, total in enumerate(totals):
            result = builder.insert_value(result, total, g)
        return result

    return sums(sums, types.intp, types.intp, types.intp), codegen


@intrinsic
def accumulate_streams(
    typingctx: Any,
    streams: Any,
    gates: Any,
    sums: Any,
    between: Any,
    slot: Any,
    apart: Any,
    biases: Any,
    lanes: Any,
    x: Any,
    inputs: Any,
    h: Any,
    hidden: Any,
) -> Any:
    """`accumulate` for several streams at once, 16 outputs of each: all sums of a layer's panel.

    Args:
        typingctx: numba's own; not given by who calls.
        streams: a tuple whose length tells how many there are.
        gates: likewise.
        sums: the address of the 16 sums of the first stream and gate; written, as all others.
        between: bytes from a stream's sums to the next one's.
        slot: bytes from a gate's sums to the next one's.
        apart: 1 where the hidden state's part of the last gate goes to a slot of its own, the
            one after the last; else 0.
        biases: the address of the 16 outputs' in float32 `(gates + apart, lanes)`; after them
            come the weights, `(inputs + hidden, gates, lanes)`.
        lanes: bytes of a row of them.
        x: the address of int64 `(streams,)`, the addresses of inputs.
        inputs: how many these are.
        h: likewise of hidden states.
        hidden: how many these are, perhaps 0.
    """
    shape = len(streams), len(gates)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.call(_sums_of_streams(builder.module, *shape), args[2:])
        return context.get_dummy_value()

    return types.void(streams, gates, *[types.intp] * 10), codegen


def _sums_of_streams(module: Any, width: int, height: int) -> Any:
    """The function that `accumulate_streams` calls.

    It has a place of its own, as its sums need all registers: code about it would take some.
    """
    vector, i64 = ir.VectorType(FLOAT, 16), ir.IntType(64)
    zero = ir.Constant(vector, [0.0] * 16)
    name = f"streamrnn.sums.{width}x{height}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [i64] * 10), name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    sums, between, slot, apart, biases, lanes, x, inputs, h, hidden = function.args
    entry, part, outer, first, whole, inner, last, over, done = (
        function.append_basic_block(block)
        for block in (
            *("entry", "part", "outer", "first", "whole", "inner", "last", "over", "done"),
        )
    )
    each, every = range(height), range(width)
    builder = ir.IRBuilder(entry)
    offsets = [builder.mul(lanes, i64(g)) for g in each]
    row_bytes = builder.mul(lanes, i64(height))
    slots = [builder.add(sums, builder.mul(slot, i64(g))) for g in each]
    # A sum begins with its bias, the same for all streams, and goes on from where it is kept.
    begins = [builder.add(biases, offset) for offset in offsets]
    first_row = builder.add(biases, builder.mul(lanes, builder.add(apart, i64(height))))
    beside = builder.icmp_signed("!=", apart, i64(0))
    beside_slot = builder.add(slots[-1], slot)
    beside_bias = builder.add(begins[-1], lanes)
    builder.branch(part)

    builder.position_at_end(part)  # of the inputs, then of the hidden states
    addresses, terms, part_row = builder.phi(i64), builder.phi(i64), builder.phi(i64)
    last_slot = builder.phi(i64)
    part_from = [builder.phi(i64) for _ in each]
    part_step = [builder.phi(i64) for _ in each]
    values = [load_of(builder, builder.add(addresses, i64(8 * b)), i64, 8) for b in every]
    builder.branch(outer)

    builder.position_at_end(outer)
    begin, begin_row = builder.phi(i64), builder.phi(i64)
    origin = [builder.phi(i64) for _ in each]
    step = [builder.phi(i64) for _ in each]
    builder.cbranch(builder.icmp_signed("<", begin, terms), first, over)

    builder.position_at_end(first)
    end = builder.add(begin, i64(BLOCK))
    full = builder.icmp_signed("<=", end, terms)
    end = builder.select(full, end, terms)
    builder.cbranch(full, whole, inner)

    def add_terms(count: int) -> tuple[Any, ...]:
        """Some terms, one after the other: the beginning of a loop, and what it goes on with."""
        k, row = builder.phi(i64), builder.phi(i64)
        partial = [[builder.phi(vector) for _ in every] for _ in each]
        fused, next_row = partial, row
        for term in range(count):
            place = builder.shl(builder.add(k, i64(term)), i64(2))
            # Stream by stream: all weights of a term and one input at a time leave registers for
            # the sums.
            weights = [
                load_of(builder, builder.add(next_row, offset), vector, 64) for offset in offsets
            ]
            sums_before, fused = fused, [[] for _ in each]
            for b, value in enumerate(values):
                scalar = load_of(builder, builder.add(value, place), FLOAT, 4)
                input_b = splat_of(builder, scalar, 16)
                for g in each:
                    fused[g].append(fma_of(builder, weights[g], input_b, sums_before[g][b]))
            next_row = builder.add(next_row, row_bytes)
        return k, row, partial, builder.add(k, i64(count)), next_row, fused

    # A whole block's loop has fewer counters a term, which on some machines share the ports that
    # multiply.
    builder.position_at_end(whole)
    loops = [(whole, add_terms(UNROLL))]
    builder.cbranch(builder.icmp_signed("<", loops[0][1][3], end), whole, last)
    builder.position_at_end(inner)
    loops.append((inner, add_terms(1)))
    builder.cbranch(builder.icmp_signed("<", loops[1][1][3], end), inner, last)

    builder.position_at_end(last)
    next_k, next_row = builder.phi(i64), builder.phi(i64)
    fused = [[builder.phi(vector) for _ in every] for _ in each]
    into = [*slots[:-1], last_slot]
    for g in each:
        source = origin[g]
        for b in every:
            total = builder.fadd(load_of(builder, source, vector, 64), fused[g][b])
            address = builder.add(into[g], builder.mul(between, i64(b)))
            kept: Any = builder.store(total, pointer_of(builder, address, vector))
            kept.align = 64
            source = builder.add(source, step[g])
    builder.branch(outer)

    builder.position_at_end(over)
    is_first = builder.icmp_signed("==", addresses, x)
    more = builder.and_(is_first, builder.icmp_signed(">", hidden, i64(0)))
    next_slot = builder.select(beside, beside_slot, slots[-1])
    next_from = [*origin[:-1], builder.select(beside, beside_bias, origin[-1])]
    next_step = [*step[:-1], builder.select(beside, i64(0), step[-1])]
    builder.cbranch(more, part, done)

    for phi, start, later in [
        (addresses, x, h),
        (terms, inputs, hidden),
        (part_row, first_row, begin_row),
        (last_slot, slots[-1], next_slot),
        *zip(part_from, begins, next_from, strict=True),
        *((phi, i64(0), later) for phi, later in zip(part_step, next_step, strict=True)),
    ]:
        phi.add_incoming(start, entry)
        phi.add_incoming(later, over)
    for phi, start, later in [
        (begin, i64(0), next_k),
        (begin_row, part_row, next_row),
        *zip(origin, part_from, into, strict=True),
        *((phi, start, between) for phi, start in zip(step, part_step, strict=True)),
    ]:
        phi.add_incoming(start, part)
        phi.add_incoming(later, last)
    for block, (k, row, partial, later_k, later_row, later) in loops:
        for phi, start, end_value, given in [
            (k, begin, later_k, next_k),
            (row, begin_row, later_row, next_row),
            *((partial[g][b], zero, later[g][b], fused[g][b]) for g in each for b in every),
        ]:
            phi.add_incoming(start, first)
            phi.add_incoming(end_value, block)
            given.add_incoming(end_value, block)

    builder.position_at_end(done)
    builder.ret_void()
    return function
