import Packet

/// A value and the bits of it that count, both right-aligned; no bit of the value stands outside the mask.
struct MaskedValue {
    var value: UInt128
    var mask: UInt128

    init(_ value: UInt128, _ mask: UInt128) {
        self.value = value & mask
        self.mask = mask
    }
}

extension FlowTextReader {
    /// The value of a field, as its format says, with the mask if there is one. `*` has a mask of zero.
    func fieldValue(_ field: Field, _ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        guard let first = range.first else {
            throw error(at: range.lowerBound, "\(field.name) needs a value: write \(field.name)=…")
        }
        if range.count == 1 && bytes[first] == Ascii.asterisk { return MaskedValue(0, 0) }
        let result: MaskedValue
        switch field.format {
        case .decimal, .hexadecimal:
            result = try maskedNumber(field, range)
        case .port:
            result = MaskedValue(UInt128(try port(range, for: field.name).rawValue), field.allOnes)
        case .ethernet, .ipv4, .ipv6:
            result = try maskedAddress(field, range)
        case .fragment:
            result = try fragment(field, range)
        case .tcpFlags:
            result = try tcpFlags(field, range)
        }
        if field.masks == .exactOnly && result.mask != field.allOnes && result.mask != 0 {
            let place = firstIndex(of: Ascii.slash, in: range).map { $0 + 1 } ?? range.lowerBound
            throw error(at: place, "\(field.name) can't be masked: give the whole value, or leave it out")
        }
        return result
    }

    /// `VALUE` or `VALUE/MASK`
    func maskedNumber(_ field: Field, _ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        let slash = firstIndex(of: Ascii.slash, in: range)
        let value = try number(
            range.lowerBound..<(slash ?? range.upperBound), maximum: field.allOnes, for: field.name)
        guard let slash else { return MaskedValue(value, field.allOnes) }
        let maskRange = slash + 1..<range.upperBound
        return MaskedValue(value, try number(maskRange, maximum: field.allOnes, for: "the mask of \(field.name)"))
    }

    /// `ADDRESS`, `ADDRESS/MASK` or, but for Ethernet, `ADDRESS/PREFIX`
    private func maskedAddress(_ field: Field, _ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        let slash = firstIndex(of: Ascii.slash, in: range)
        let value = try address(field.format, range.lowerBound..<(slash ?? range.upperBound))
        guard let slash else { return MaskedValue(value, field.allOnes) }
        let maskRange = slash + 1..<range.upperBound
        let isAddress =
            field.format == .ethernet || firstIndex(of: Ascii.dot, in: maskRange) != nil
            || firstIndex(of: Ascii.colon, in: maskRange) != nil
        return MaskedValue(
            value,
            isAddress ? try address(field.format, maskRange) : try prefixMask(maskRange, width: field.width))
    }

    private func address(_ format: Field.Format, _ range: Range<Int>) throws(FlowTextError) -> UInt128 {
        switch format {
        case .ethernet: try ethernetAddress(range)
        case .ipv4: try ipv4Address(range)
        default: try ipv6Address(range)
        }
    }

    /// The number of a port: a number, a reserved name or the name of a port.
    ///
    /// 0xff00…0xffff were OpenFlow 1.0's reserved ports, which ovs-ofctl still translates; they are refused, so that
    /// nobody means another port than he writes.
    func port(_ range: Range<Int>, for name: String) throws(FlowTextError) -> PortNumber {
        guard let first = range.first else { throw error(at: range.lowerBound, "\(name) needs a port") }
        if Ascii.isDigit(bytes[first]) {
            let port = PortNumber(try number(range, as: UInt32.self, for: name))
            if (0xff00...0xffff).contains(port.rawValue) {
                throw error(
                    at: first, "\(text(range)) was a reserved port in OpenFlow 1.0: write its name, such as LOCAL")
            }
            if port > .maximum && port < .inPort {
                throw error(at: first, "there is no port \(text(range)): numbers end at 0xffffff00")
            }
            return port
        }
        if let reserved = FlowTextNames.reservedPorts.find(bytes, range) { return reserved }
        let isQuoted = range.count > 2 && bytes[first] == Ascii.quote && bytes[range.upperBound - 1] == Ascii.quote
        let portName = text(isQuoted ? first + 1..<range.upperBound - 1 : range)
        if let number = portNames[portName] { return PortNumber(number) }
        throw error(at: first, "there is no port named \(portName); \(knownPorts)")
    }

    private var knownPorts: String {
        if portNames.isEmpty { return "give its number, or a reserved name such as LOCAL" }
        let names = portNames.sorted { $0.value < $1.value }.map(\.key)
        return "there are " + names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }
}

extension Field {
    /// A value as flow text has it: `10.0.0.0/8`, `0x5/0xf`, `80`. ``FlowTextReader`` reads it back.
    func text(_ value: UInt128, mask: UInt128) -> String {
        let isExact = mask == allOnes
        switch format {
        case .decimal:
            return isExact ? String(value) : "\(Self.hexadecimal(value))/\(Self.hexadecimal(mask))"
        case .hexadecimal:
            return Self.hexadecimal(value) + (isExact ? "" : "/" + Self.hexadecimal(mask))
        case .port:
            return PortNumber(UInt32(truncatingIfNeeded: value)).description
        case .ethernet:
            return FlowTextAddress.ethernet(value) + (isExact ? "" : "/" + FlowTextAddress.ethernet(mask))
        case .ipv4, .ipv6:
            let write = format == .ipv4 ? FlowTextAddress.ipv4 : FlowTextAddress.ipv6
            if isExact { return write(value) }
            let length = FlowTextAddress.prefixLength(mask, width: width)
            return write(value) + "/" + (length.map { String($0) } ?? write(mask))
        case .fragment:
            return FlowTextFragment.text(value, mask: mask)
        case .tcpFlags:
            return FlowTextTCPFlags.text(value, mask: mask, allOnes: allOnes)
        }
    }

    static func hexadecimal(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
}

extension PortNumber: CustomStringConvertible {
    /// The number, or the name of a reserved port.
    public var description: String {
        if self > .maximum, let reserved = Self.reservedNames.first(where: { $0.port == self }) { return reserved.name }
        return String(rawValue)
    }
}
