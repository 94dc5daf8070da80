extension FlowTextReader {
    /// `aa:bb:cc:dd:ee:ff`
    func ethernetAddress(_ range: Range<Int>) throws(FlowTextError) -> UInt128 {
        var value: UInt64 = 0
        var (groups, digits) = (1, 0)
        var group: UInt64 = 0
        for index in range {
            if bytes[index] == Ascii.colon && digits > 0 && groups < 6 {
                (value, group) = (value << 8 | group, 0)
                (groups, digits) = (groups + 1, 0)
            } else if let digit = Ascii.hexDigit(bytes[index]), digits < 2 {
                (group, digits) = (group << 4 | UInt64(digit), digits + 1)
            } else {
                throw badEthernetAddress(range, at: index)
            }
        }
        guard groups == 6 && digits > 0 else { throw badEthernetAddress(range, at: range.lowerBound) }
        return UInt128(value << 8 | group)
    }

    private func badEthernetAddress(_ range: Range<Int>, at index: Int) -> FlowTextError {
        error(at: index, "“\(text(range))” is not an Ethernet address such as 02:00:00:00:00:01")
    }

    /// `192.0.2.1`
    func ipv4Address(_ range: Range<Int>) throws(FlowTextError) -> UInt128 {
        guard let address = ipv4AddressIfValid(range) else {
            throw error(at: range.lowerBound, "“\(text(range))” is not an IPv4 address such as 192.0.2.1")
        }
        return UInt128(address)
    }

    private func ipv4AddressIfValid(_ range: Range<Int>) -> UInt32? {
        var value: UInt32 = 0
        var (groups, digits) = (1, 0)
        var group: UInt32 = 0
        for index in range {
            let byte = bytes[index]
            if byte == Ascii.dot && digits > 0 && groups < 4 {
                (value, group) = (value << 8 | group, 0)
                (groups, digits) = (groups + 1, 0)
            } else if Ascii.isDigit(byte) && digits < 3 && !(digits > 0 && group == 0) {
                (group, digits) = (group * 10 + UInt32(byte - Ascii.zero), digits + 1)
                if group > 255 { return nil }
            } else {
                return nil
            }
        }
        return groups == 4 && digits > 0 ? value << 8 | group : nil
    }

    /// `2001:db8::1`, also with an IPv4 address at its end (RFC 4291 §2.2).
    func ipv6Address(_ range: Range<Int>) throws(FlowTextError) -> UInt128 {
        guard let address = ipv6AddressIfValid(range) else {
            throw error(at: range.lowerBound, "“\(text(range))” is not an IPv6 address such as 2001:db8::1")
        }
        return address
    }

    private func ipv6AddressIfValid(_ range: Range<Int>) -> UInt128? {
        var value: UInt128 = 0
        var groups = 0
        var groupsBeforeGap: Int?
        var index = range.lowerBound
        if range.count >= 2 && bytes[index] == Ascii.colon {
            guard bytes[index + 1] == Ascii.colon else { return nil }
            groupsBeforeGap = 0
            index += 2
        }
        while index < range.upperBound {
            let start = index
            var group: UInt128 = 0
            while index < range.upperBound, let digit = Ascii.hexDigit(bytes[index]) {
                group = group << 4 | UInt128(digit)
                index += 1
                if index - start > 4 { return nil }
            }
            if index < range.upperBound && bytes[index] == Ascii.dot {
                guard groups <= 6, let tail = ipv4AddressIfValid(start..<range.upperBound) else { return nil }
                (value, groups) = (value << 32 | UInt128(tail), groups + 2)
                break
            }
            guard index > start && groups < 8 else { return nil }
            (value, groups) = (value << 16 | group, groups + 1)
            guard index < range.upperBound else { break }
            guard bytes[index] == Ascii.colon, index + 1 < range.upperBound else { return nil }
            index += 1
            if bytes[index] == Ascii.colon {
                guard groupsBeforeGap == nil else { return nil }
                groupsBeforeGap = groups
                index += 1
            }
        }
        guard let groupsBeforeGap else { return groups == 8 ? value : nil }
        guard groups < 8 else { return nil }
        let groupsAfterGap = groups - groupsBeforeGap
        let tail = groupsAfterGap == 0 ? 0 : value & (UInt128.max >> UInt128(128 - 16 * groupsAfterGap))
        let head = groupsAfterGap == 0 ? value : value >> UInt128(16 * groupsAfterGap)
        return groupsBeforeGap == 0 ? tail : head << UInt128(128 - 16 * groupsBeforeGap) | tail
    }

    /// The mask that a prefix length stands for.
    func prefixMask(_ range: Range<Int>, width: Int) throws(FlowTextError) -> UInt128 {
        let length = Int(try number(range, maximum: UInt128(width), for: "the prefix length"))
        if length == 0 { return 0 }
        return UInt128.max >> UInt128(128 - width) & UInt128.max << UInt128(width - length)
    }
}

/// How addresses are written.
enum FlowTextAddress {
    static func ethernet(_ value: UInt128) -> String {
        (0..<6).map { twoDigits(UInt8(truncatingIfNeeded: value >> UInt128(40 - 8 * $0))) }.joined(separator: ":")
    }

    private static func twoDigits(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    static func ipv4(_ value: UInt128) -> String {
        (0..<4).map { String(UInt8(truncatingIfNeeded: value >> UInt128(24 - 8 * $0))) }.joined(separator: ".")
    }

    /// As RFC 5952 §4 recommends: the first of the longest runs of two or more zero groups is left out.
    static func ipv6(_ value: UInt128) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        var gap = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8 && groups[end] == 0 { end += 1 }
            if end - start > max(gap.count, 1) { gap = start..<end }
            start = max(end, start + 1)
        }
        func written(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if gap.isEmpty { return written(groups[...]) }
        return written(groups[..<gap.lowerBound]) + "::" + written(groups[gap.upperBound...])
    }

    /// The length of the prefix that a mask selects, if it selects one.
    static func prefixLength(_ mask: UInt128, width: Int) -> Int? {
        let aligned = mask << UInt128(128 - width)
        let length = (~aligned).leadingZeroBitCount
        return length == aligned.nonzeroBitCount ? length : nil
    }
}
