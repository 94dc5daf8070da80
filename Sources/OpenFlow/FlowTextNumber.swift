extension FlowTextReader {
    /// A number, decimal or hexadecimal with `0x`.
    ///
    /// A leading zero is refused, because ovs-ofctl would read the number as octal.
    ///
    /// - Parameter name: what the number is for, to be named in errors.
    func number(_ range: Range<Int>, maximum: UInt128, for name: String) throws(FlowTextError) -> UInt128 {
        guard let first = range.first else { throw error(at: range.lowerBound, "\(name) needs a number") }
        if bytes[first] == Ascii.zero && range.count > 1 {
            if bytes[first + 1] | 0x20 == 0x78 { return try hexadecimal(range, maximum: maximum, for: name) }
            if Ascii.isDigit(bytes[first + 1]) {
                throw error(at: first, "leave out the leading zero of \(text(range)): ovs-ofctl reads it as octal")
            }
        }
        // What surely fits 64 bits, which is nearly every number, needs no wider arithmetic.
        var short: UInt64 = 0
        let shortEnd = min(range.lowerBound + 18, range.upperBound)
        for index in range.lowerBound..<shortEnd {
            guard Ascii.isDigit(bytes[index]) else { throw notANumber(range, at: index, for: name) }
            short = short &* 10 &+ UInt64(bytes[index] - Ascii.zero)
        }
        var value = UInt128(short)
        for index in shortEnd..<range.upperBound {
            guard Ascii.isDigit(bytes[index]) else { throw notANumber(range, at: index, for: name) }
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt128(bytes[index] - Ascii.zero))
            if over || carried { throw tooLarge(range, maximum, for: name) }
            value = sum
        }
        if value > maximum { throw tooLarge(range, maximum, for: name) }
        return value
    }

    private func hexadecimal(
        _ range: Range<Int>, maximum: UInt128, for name: String
    ) throws(FlowTextError) -> UInt128 {
        if range.count == 2 { throw notANumber(range, at: range.lowerBound, for: name) }
        var value: UInt128 = 0
        for index in range.lowerBound + 2..<range.upperBound {
            guard let digit = Ascii.hexDigit(bytes[index]) else { throw notANumber(range, at: index, for: name) }
            if value >> 124 != 0 { throw tooLarge(range, maximum, for: name) }
            value = value << 4 | UInt128(digit)
        }
        if value > maximum { throw tooLarge(range, maximum, for: name) }
        return value
    }

    private func notANumber(_ range: Range<Int>, at index: Int, for name: String) -> FlowTextError {
        error(at: index, "\(name) needs a number (decimal, or hexadecimal with 0x); “\(text(range))” is none")
    }

    private func tooLarge(_ range: Range<Int>, _ maximum: UInt128, for name: String) -> FlowTextError {
        let limit = maximum < 100_000 ? String(maximum) : "0x" + String(maximum, radix: 16)
        return error(at: range.lowerBound, "\(text(range)) is too large for \(name): \(limit) at most")
    }

    /// A number that a small unsigned integer holds.
    func number<Value: FixedWidthInteger & UnsignedInteger>(
        _ range: Range<Int>, as type: Value.Type, for name: String
    ) throws(FlowTextError) -> Value {
        Value(truncatingIfNeeded: try number(range, maximum: UInt128(Value.max), for: name))
    }
}
