import CVhost

/// A guest that runs here while its memory is still on its way (vhost-user specification, "Migration").
///
/// Whoever touches a page that has not come yet waits for it, perhaps for long, and a worker must never wait. So from
/// POSTCOPY_LISTEN to POSTCOPY_END no queue runs and no byte of guest memory is touched: the guest's port rests. The
/// userfaultfd, by which a front-end would hear of our faults, never has one to tell.
struct PostCopy {
    /// Whether the kernel gives us a userfaultfd.
    static let isPossible: Bool = {
        let number = evs_vhost_page_faults()
        if number < 0 { return false }
        _ = FileDescriptor(owning: number)
        return true
    }()

    /// The front-end has a copy of it.
    private let faults: FileDescriptor
    /// Whether memory is on its way.
    var isListening = false
    /// Whether the front-end has yet to say that it knows where its memory lies here.
    var awaitsConsent = false

    init() throws(VhostViolation) {
        let number = evs_vhost_page_faults()
        guard number >= 0 else { throw .mapping(errno: -number) }
        faults = FileDescriptor(owning: number)
    }

    /// To be sent with the answer to POSTCOPY_ADVISE.
    var descriptor: FileDescriptor { faults }
}

extension VhostSession {
    /// Guest memory may be late: the front-end gets what it needs to hear of faults.
    func advisePostCopy(_ header: VhostMessageHeader) throws(VhostViolation) {
        let new = try PostCopy()
        try answer(header, payload: [], descriptor: new.descriptor)
        let wasListening = postCopy?.isListening == true
        postCopy = new
        postCopy?.isListening = wasListening
    }

    /// From here on it is.
    func listenPostCopy() throws(VhostViolation) {
        guard postCopy != nil else { throw .postCopyOrder }
        for index in queues.indices { stop(index) }
        postCopy?.isListening = true
    }

    /// All of it is here.
    func endPostCopy() throws(VhostViolation) {
        guard postCopy != nil else { throw .postCopyOrder }
        postCopy = nil
        try changeAll {}
    }

    /// Takes a new memory table. In post-copy, the answer says where each region lies here, and the front-end answers
    /// that once more.
    /// - Returns: whether the request was answered.
    func setMemoryTable(
        _ regions: [VhostRequest.RegionAnnouncement], _ files: [FileDescriptor], _ header: VhostMessageHeader
    ) throws(VhostViolation) -> Bool {
        let new = try MemoryTable(regions, files: files, wake: wake)
        try changeAll { memory = new }
        guard postCopy?.isListening == true else { return false }
        let fields = zip(regions, new.bases).flatMap {
            VhostPayload.bytes($0.guestStart) + VhostPayload.bytes($0.size) + VhostPayload.bytes(UInt64($1))
                + VhostPayload.bytes($0.fileOffset)
        }
        let count = VhostPayload.bytes(UInt32(regions.count)) + VhostPayload.bytes(UInt32(0))
        try answer(header, payload: count + fields)
        postCopy?.awaitsConsent = true
        return true
    }

    /// Whether a message is the front-end's consent to the answer to its memory table: it has the table's number.
    func takesConsent(_ header: VhostMessageHeader, _ payload: [UInt8]) throws(VhostViolation) -> Bool {
        guard postCopy?.awaitsConsent == true else { return false }
        postCopy?.awaitsConsent = false
        guard header.request == VhostRequestNumber.setMemoryTable.rawValue, payload.count == 8 else {
            throw .postCopyOrder
        }
        guard payload == VhostPayload.bytes(UInt64(0)) else {
            var fields = VhostPayload(payload)
            throw .value(request: header.request, fields.double())
        }
        return true
    }
}
