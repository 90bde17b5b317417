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
    shift: Any,
    weights: Any,
    lanes: Any,
    inputs: Any,
    count: Any,
) -> Any:
    """`accumulate` for several streams at once, 16 outputs of each, the sums kept in memory.

    `streams` and `gates` are tuples whose lengths tell how many there are. `sums` is the address
    of float32 `(slots, streams, 16)`; gate g is added to slot g, but the last gate to the slot
    `shift` further. `weights` is the address of the first of 16 neighbours in float32
    `(count, gates, lanes)`, where `lanes` is given in bytes; `inputs` that of int64 `(streams,)`,
    the addresses of float32 `(count,)`.
    """
    width, height = len(streams), len(gates)
    vector, i64 = ir.VectorType(FLOAT, 16), ir.IntType(64)
    zero = ir.Constant(vector, [0.0] * 16)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, _, memory, further, weight, stride, addresses, terms = args
        entry = builder.block
        outer, first, inner, last, done = (
            builder.append_basic_block(name) for name in ("outer", "first", "inner", "last", "done")
        )
        values = [
            load_of(builder, builder.add(addresses, i64(8 * b)), i64, 8) for b in range(width)
        ]
        offsets = [builder.mul(stride, i64(g)) for g in range(height)]
        row_bytes = builder.mul(stride, i64(height))
        slots = [i64(64 * width * g) for g in range(height)]
        slots[-1] = builder.add(slots[-1], builder.mul(further, i64(64 * width)))
        builder.branch(outer)

        builder.position_at_end(outer)
        begin, begin_row = builder.phi(i64), builder.phi(i64)
        builder.cbranch(builder.icmp_signed("<", begin, terms), first, done)

        builder.position_at_end(first)
        end = builder.add(begin, i64(BLOCK))
        end = builder.select(builder.icmp_signed("<", end, terms), end, terms)
        builder.branch(inner)

        builder.position_at_end(inner)
        k, row = builder.phi(i64), builder.phi(i64)
        partial = [[builder.phi(vector) for _ in range(width)] for _ in range(height)]
        place = builder.shl(k, i64(2))
        x = [
            splat_of(builder, load_of(builder, builder.add(value, place), FLOAT, 4), 16)
            for value in values
        ]
        fused: list[list[Any]] = []
        for g in range(height):
            w = load_of(builder, builder.add(row, offsets[g]), vector, 64)
            fused.append([fma_of(builder, w, x[b], partial[g][b]) for b in range(width)])
        next_k = builder.add(k, i64(1))
        next_row = builder.add(row, row_bytes)
        builder.cbranch(builder.icmp_signed("<", next_k, end), inner, last)

        builder.position_at_end(last)
        for g in range(height):
            for b in range(width):
                address = builder.add(builder.add(memory, slots[g]), i64(64 * b))
                total = builder.fadd(load_of(builder, address, vector, 64), fused[g][b])
                builder.store(total, pointer_of(builder, address, vector)).align = 64
        builder.branch(outer)

        for phi, start, later in [(begin, i64(0), next_k), (begin_row, weight, next_row)]:
            phi.add_incoming(start, entry)
            phi.add_incoming(later, last)
        for phi, start, later in [
            (k, begin, next_k),
            (row, begin_row, next_row),
            *((partial[g][b], zero, fused[g][b]) for g in range(height) for b in range(width)),
        ]:
            phi.add_incoming(start, first)
            phi.add_incoming(later, inner)

        builder.position_at_end(done)
        return context.get_dummy_value()

    integers = [types.intp] * 6
    return types.void(streams, gates, *integers), codegen
