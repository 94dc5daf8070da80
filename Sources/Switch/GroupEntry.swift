import Datapath
import FlowTable
import OpenFlow

/// A group as it stands in a bridge. It never changes but for its counters: modifying a group makes another.
public final class GroupEntry: Sendable {
    public let group: Group
    /// Packets and bytes that the group handled.
    public let counters = FlowCounters()
    /// By bucket, in the group's order.
    public let bucketCounters: [FlowCounters]
    /// When the group was added; modifying it changes nothing of that.
    public let created: ContinuousClock.Instant
    /// What each bucket is known by when one is chosen: the same after others came or went.
    let bucketKeys: [UInt64]
    /// With which packets' hashes begin, so that groups choose independently of one another.
    let seed: UInt64

    init(_ group: Group, created: ContinuousClock.Instant) {
        self.group = group
        self.created = created
        seed = BucketChoice.mix(group.selection?.parameter ?? 0, UInt64(group.id))
        bucketCounters = group.buckets.map { _ in FlowCounters() }
        var seen: [UInt64: UInt64] = [:]
        bucketKeys = group.buckets.map { bucket in
            let text = bucket.id.map { "\($0)" } ?? "\(bucket.actions) \(bucket.watchPort) \(bucket.watchGroup)"
            // FNV-1a; buckets that are alike are told apart by their order.
            var key = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let place = seen[key, default: 0]
            seen[key] = place + 1
            key ^= place &* 0x9e37_79b9_7f4a_7c15
            return key
        }
    }

    /// What a bucket has drawn for packets of that hash: the one with the most gets them.
    func score(_ bucket: Int, _ hash: UInt64) -> Double {
        BucketChoice.score(hash, bucketKeys[bucket], weight: group.buckets[bucket].weight)
    }

    /// Groups that packets go on to.
    var chained: [UInt32] {
        group.buckets.flatMap(\.actions).compactMap { if case .group(let id) = $0 { id } else { nil } }
    }
}
