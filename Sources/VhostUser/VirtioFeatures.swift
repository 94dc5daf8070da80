/// Feature bits of virtio-net and of the transport (virtio 1.1 §5.1.3 and §6) and of vhost-user.
public enum VirtioFeatures {
    @inlinable public static var checksum: UInt64 { @_noLocks get { 1 << 0 } }
    @inlinable public static var guestChecksum: UInt64 { @_noLocks get { 1 << 1 } }
    @inlinable public static var mtu: UInt64 { @_noLocks get { 1 << 3 } }
    @inlinable public static var guestTSO4: UInt64 { @_noLocks get { 1 << 7 } }
    @inlinable public static var guestTSO6: UInt64 { @_noLocks get { 1 << 8 } }
    @inlinable public static var guestECN: UInt64 { @_noLocks get { 1 << 9 } }
    @inlinable public static var guestUFO: UInt64 { @_noLocks get { 1 << 10 } }
    @inlinable public static var hostTSO4: UInt64 { @_noLocks get { 1 << 11 } }
    @inlinable public static var hostTSO6: UInt64 { @_noLocks get { 1 << 12 } }
    @inlinable public static var hostECN: UInt64 { @_noLocks get { 1 << 13 } }
    @inlinable public static var mergeableBuffers: UInt64 { @_noLocks get { 1 << 15 } }
    @inlinable public static var status: UInt64 { @_noLocks get { 1 << 16 } }
    @inlinable public static var guestAnnounce: UInt64 { @_noLocks get { 1 << 21 } }
    @inlinable public static var multiQueue: UInt64 { @_noLocks get { 1 << 22 } }
    @inlinable public static var logAll: UInt64 { @_noLocks get { 1 << 26 } }
    @inlinable public static var indirectDescriptors: UInt64 { @_noLocks get { 1 << 28 } }
    @inlinable public static var eventIndex: UInt64 { @_noLocks get { 1 << 29 } }
    @inlinable public static var protocolFeatures: UInt64 { @_noLocks get { 1 << 30 } }
    @inlinable public static var version1: UInt64 { @_noLocks get { 1 << 32 } }
    @inlinable public static var packedRing: UInt64 { @_noLocks get { 1 << 34 } }
    @inlinable public static var inOrder: UInt64 { @_noLocks get { 1 << 35 } }
}
