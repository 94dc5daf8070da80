/// How many flows have each prefix of a field.
///
/// An open-addressed table of its own, as it is asked several times for each change of a flow and a dictionary costs
/// more. A secret multiplier keeps whoever chooses the prefixes from aiming at one place.
struct PrefixUses {
    private struct Item {
        var value: UInt64 = 0
        /// 0: the place is free.
        var count: UInt32 = 0
        var length: UInt8 = 0
    }

    private var items: [Item] = Array(repeating: Item(), count: 16)
    /// Prefixes that are in use.
    private(set) var used = 0
    private let multiplier: UInt64 = .random(in: .min ... .max) | 1

    private func home(_ value: UInt64, _ length: UInt8) -> Int {
        let product = (value ^ UInt64(length) &* 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: multiplier)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (items.count - 1)
    }

    private func place(_ value: UInt64, _ length: UInt8) -> Int {
        var place = home(value, length)
        while items[place].count != 0, items[place].value != value || items[place].length != length {
            place = (place + 1) & (items.count - 1)
        }
        return place
    }

    /// One use more; whether it is the first.
    mutating func add(_ value: UInt64, length: Int) -> Bool {
        if (used + 1) * 4 > items.count * 3 { grow() }
        let place = place(value, UInt8(length))
        items[place].count += 1
        guard items[place].count == 1 else { return false }
        items[place].value = value
        items[place].length = UInt8(length)
        used += 1
        return true
    }

    /// One use less; whether it was the last.
    mutating func remove(_ value: UInt64, length: Int) -> Bool {
        var hole = place(value, UInt8(length))
        precondition(items[hole].count > 0, "the prefix is in use")
        items[hole].count -= 1
        guard items[hole].count == 0 else { return false }
        used -= 1
        let mask = items.count - 1
        var next = (hole + 1) & mask
        // Move up what had to go further because the place was taken.
        while items[next].count != 0 {
            let home = home(items[next].value, items[next].length)
            if (next - home) & mask >= (next - hole) & mask {
                items[hole] = items[next]
                items[next].count = 0
                hole = next
            }
            next = (next + 1) & mask
        }
        return true
    }

    func forEach(_ body: (_ value: UInt64, _ length: UInt8) -> Void) {
        for item in items where item.count != 0 { body(item.value, item.length) }
    }

    private mutating func grow() {
        let old = items
        items = Array(repeating: Item(), count: old.count * 2)
        for item in old where item.count != 0 { items[place(item.value, item.length)] = item }
    }
}
