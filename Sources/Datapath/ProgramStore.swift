/// A worker's action programs, each kept once: flows that do the same share one, so that packets can be grouped by it.
///
/// Programs stay where they are until ``removeAll()``; a worker calls that only when no megaflow is left.
struct ProgramStore: ~Copyable {
    private struct Key: Hashable {
        var instructions: ContiguousArray<Instruction>
        var dropReason: DropReason
    }

    private var programs: [Key: UnsafeMutablePointer<ActionProgram>] = [:]
    /// What was asked for last, which is often asked for again.
    private var last: (key: Key, program: UnsafeMutablePointer<ActionProgram>)?

    var count: Int { programs.count }

    /// The program with these instructions.
    mutating func program(
        _ instructions: ContiguousArray<Instruction>, dropReason: DropReason
    ) -> UnsafePointer<ActionProgram> {
        if let last, last.key.dropReason == dropReason, last.key.instructions == instructions {
            return UnsafePointer(last.program)
        }
        // A copy: the caller goes on writing to its own array, which must have no other owner.
        let key = Key(instructions: ContiguousArray(instructions.lazy.map { $0 }), dropReason: dropReason)
        if let known = programs[key] {
            last = (key, known)
            return UnsafePointer(known)
        }
        let header = MemoryLayout<ActionProgram>.stride
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: header + instructions.count * MemoryLayout<Instruction>.stride, alignment: 16)
        let program = block.bindMemory(to: ActionProgram.self, capacity: 1)
        program.initialize(to: ActionProgram(instructions: instructions, dropReason: dropReason))
        let body = block.advanced(by: header).bindMemory(to: Instruction.self, capacity: instructions.count)
        for (index, instruction) in instructions.enumerated() { (body + index).initialize(to: instruction) }
        programs[key] = program
        last = (key, program)
        return UnsafePointer(program)
    }

    mutating func removeAll() {
        for program in programs.values { UnsafeMutableRawPointer(program).deallocate() }
        programs.removeAll(keepingCapacity: true)
        last = nil
    }

    deinit { for program in programs.values { UnsafeMutableRawPointer(program).deallocate() } }
}
