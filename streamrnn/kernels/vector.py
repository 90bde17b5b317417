"""Vectors for numba: what LLVM's auto-vectoriser does not find by itself.

A `Vector(lanes)` is LLVM's `<lanes x float>`, or `<lanes x double>`; LLVM splits it into the
registers of the machine (64 float32 are four AVX-512, eight AVX2 or sixteen NEON registers). Every
lane is an independent IEEE computation: neither the width of a vector nor that of the machine's
registers can change any lane's bits. Memory is addressed by integers (bytes), as the kernels
address rows of an arena.
"""

# pyright: standard
# llvmlite and numba's extension interface are not typed.

from typing import Any

import numba.extending
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import models, register_model
from numba.np.arrayobj import populate_array

intrinsic: Any = numba.extending.intrinsic  # what it makes is called from kernels only
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()


class Vector(types.Type):
    """numba's type of a vector of `lanes` float32, or float64."""

    def __init__(self, lanes: int, bits: int = 32) -> None:
        """Name the type; equal names are equal types."""
        super().__init__(name=f"f{bits}x{lanes}")
        self.lanes, self.bits = lanes, bits
        self.scalar = types.float32 if bits == 32 else types.float64
        self.llvm = ir.VectorType(FLOAT if bits == 32 else DOUBLE, lanes)
        self.align = 64 if bits == 32 else 8


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """A vector lives in registers as one LLVM value."""

    def __init__(self, dmm: Any, fe_type: Vector) -> None:
        """Tell numba LLVM's type."""
        super().__init__(dmm, fe_type, fe_type.llvm)


def splat_of(builder: Any, scalar: Any, lanes: int) -> Any:
    """Emit a vector with a scalar in every lane."""
    vector = ir.VectorType(scalar.type, lanes)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(single, single, mask)


def _call(builder: Any, name: str, args: Any) -> Any:
    kind = args[0].type
    signature = ir.FunctionType(kind, [kind] * len(args))
    overload = f"{name}.v{kind.count}f32"  # of float32 alone
    function = cgutils.get_or_insert_function(builder.module, signature, overload)
    return builder.call(function, args)


def fma_of(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Emit `a * b + c`, rounded once."""
    return _call(builder, "llvm.fma", [a, b, c])


def pointer_of(builder: Any, address: Any, pointee: Any) -> Any:
    """Emit an address as a pointer to something."""
    return builder.inttoptr(address, pointee.as_pointer())


def load_of(builder: Any, address: Any, pointee: Any, align: int) -> Any:
    """Emit what lies at an address."""
    value = builder.load(pointer_of(builder, address, pointee), typ=pointee)
    value.align = align
    return value


@intrinsic
def address_of(typingctx: Any, array: Any) -> Any:
    """The address of the first element of a C-contiguous array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.intp(array), codegen


@intrinsic
def view_int64(typingctx: Any, address: Any, count: Any) -> Any:
    """The `count` int64 at an address, as a numba array that owns nothing."""
    array = types.Array(types.int64, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = context.make_array(array)(context, builder)
        data = builder.inttoptr(args[0], context.get_data_type(types.int64).as_pointer())
        size = ir.IntType(64)(8)
        populate_array(view, data, [args[1]], [size], size, None)
        return view._getvalue()

    return array(types.intp, types.intp), codegen


@intrinsic
def zeros(typingctx: Any, lanes: Any) -> Any:
    """A vector of `lanes` (a literal) zeros; also the example of a width, for `like` below."""
    if not isinstance(lanes, types.IntegerLiteral):
        return None
    width = lanes.literal_value

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(ir.VectorType(FLOAT, width), [0.0] * width)

    return Vector(width)(lanes), codegen


@intrinsic
def zeros64(typingctx: Any, lanes: Any) -> Any:
    """A vector of `lanes` (a literal) zeros of float64."""
    if not isinstance(lanes, types.IntegerLiteral):
        return None
    vector = Vector(lanes.literal_value, 64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(vector.llvm, [0.0] * vector.lanes)

    return vector(lanes), codegen


@intrinsic
def load(typingctx: Any, like: Any, address: Any) -> Any:
    """A vector like `like`, from an address that is a multiple of 64 bytes; of float64, of 8."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return load_of(builder, args[1], like.llvm, like.align)

    return like(like, types.intp), codegen


@intrinsic
def lane_count(typingctx: Any, like: Any) -> Any:
    """How many lanes `like` has."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.IntType(64)(like.lanes)

    return types.intp(like), codegen


@intrinsic
def load_scalar(typingctx: Any, address: Any) -> Any:
    """The float32 at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return load_of(builder, args[0], FLOAT, 4)

    return types.float32(types.intp), codegen


@intrinsic
def store(typingctx: Any, address: Any, vector: Any) -> Any:
    """Write a vector to an address that is a multiple of 64 bytes; of float64, of 8."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = pointer_of(builder, args[0], args[1].type)
        builder.store(args[1], pointer).align = vector.align
        return context.get_dummy_value()

    return types.void(types.intp, vector), codegen


@intrinsic
def store_scalar(typingctx: Any, address: Any, scalar: Any) -> Any:
    """Write one float32 to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], pointer_of(builder, args[0], FLOAT)).align = 4
        return context.get_dummy_value()

    return types.void(types.intp, types.float32), codegen


@intrinsic
def copy(typingctx: Any, source: Any, target: Any, count: Any) -> Any:
    """Copy `count` float32 from one address to another."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        begin, end = pointer_of(builder, args[0], FLOAT), pointer_of(builder, args[1], FLOAT)
        cgutils.raw_memcpy(builder, end, begin, args[2], 4)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def constant(typingctx: Any, like: Any, scalar: Any) -> Any:
    """A vector like `like`, the same number in every lane."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return splat_of(builder, args[1], like.lanes)

    return like(like, like.scalar), codegen


def _elementwise(name: str, emit: Any) -> Any:
    """An operation of two vectors, lane by lane."""

    def operation(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(builder, *args)

        return a(a, a), codegen

    operation.__name__ = name
    return intrinsic(operation)


# Where a lane of `a` is NaN, the maximum is NaN: a network that overflowed shows it.
def _maximum(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), b, a)


add = _elementwise("add", lambda builder, a, b: builder.fadd(a, b))
subtract = _elementwise("subtract", lambda builder, a, b: builder.fsub(a, b))
multiply = _elementwise("multiply", lambda builder, a, b: builder.fmul(a, b))
divide = _elementwise("divide", lambda builder, a, b: builder.fdiv(a, b))
maximum = _elementwise("maximum", _maximum)


@intrinsic
def scale_by_power(typingctx: Any, a: Any, shifted: Any) -> Any:
    """`a * 2**k`, where `shifted` is `k + 1.5 * 2**23`: k lies in its low bits."""
    integers = ir.VectorType(ir.IntType(32), a.lanes)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        exponent = ir.Constant(integers, [23] * a.lanes)
        power = builder.shl(builder.bitcast(args[1], integers), exponent)
        return builder.bitcast(builder.add(builder.bitcast(args[0], integers), power), a_type)

    a_type = ir.VectorType(FLOAT, a.lanes)
    return a(a, a), codegen


@intrinsic
def magnitude(typingctx: Any, a: Any) -> Any:
    """`|a|` in each lane."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(builder, "llvm.fabs", args)

    return a(a), codegen


@intrinsic
def with_sign(typingctx: Any, a: Any, sign: Any) -> Any:
    """`|a|` with the sign of `sign`, in each lane."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(builder, "llvm.copysign", args)

    return a(a, a), codegen


@intrinsic
def where_less(typingctx: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """`yes` in the lanes where `a < b`, `no` in the others."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return a(a, a, a, a), codegen


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """`a * b + c` in each lane, rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return fma_of(builder, *args)

    return a(a, a, a), codegen
