---@meta
-- Types of the scenario API, version 1, for Lua's language server. docs/scenarios.md is the reference.

---@class ringside.Guest
---@field workload? string a workload of the toy OS
---@field program? string toy assembly with line breaks, or the name of a program that is part of Ringside
---@field n? integer the workload's length
---@field arch? string "native", "kvm,paging=shadow" ...
---@field archs? (string|string[])[] for compare: architectures, or { name, architecture }
---@field set? table<string, integer|string|boolean> options of the architecture
---@field cpu? string a CPU model
---@field cpus? integer processors, 1 to 64
---@field ram? string|integer "64M"
---@field levels? integer of page tables, 2 to 5
---@field holes? "open"|"closed"
---@field holes_closed? boolean
---@field exits? boolean show exits by reason, too
---@field steady? boolean without boot and warm-up
---@field seed? integer
---@field append? string words for the kernel's command line
---@field input? string what is typed at the console
---@field limit? integer instructions at most
---@field name? string how the run is called

---@class ringside.Result
---@field name string
---@field arch string
---@field workload string
---@field n integer
---@field cycles integer elapsed
---@field cycles_all integer of all processors
---@field instructions integer
---@field slowdown number against the bare machine
---@field exit_count integer
---@field hypercall_count integer
---@field tlb_misses integer
---@field walk_refs integer
---@field exceptions integer
---@field interrupts integer
---@field syscalls integer
---@field checksum? string
---@field hash string user-visible memory and registers at the end
---@field console string
---@field stop "power-off"|"deadlock"|"triple fault"|"limit"|"none"
---@field status integer
---@field right boolean
---@field why string what is wrong, "" if nothing
---@field cycles_by table<string, integer> cycles by category
---@field exits table<string, integer> exits by reason
---@field hypercalls table<string, integer>
---@field stat table<string, integer> the mechanisms' own counts
---@field value? any in scans

---@class ringside.Question
---@field number integer
---@field prediction? string
local Question = {}
---@param text string
function Question:answer(text) end

---@class ringside.Machine
local Machine = {}
---@param goal? { cycles?: integer, instructions?: integer, exit?: string }
---@return "power-off"|"deadlock"|"triple fault"|"exit"|"limit"
function Machine:run(goal) end
---@param n? integer instructions
---@return string
function Machine:step(n) end
---@param cycles integer
---@param action fun(m: ringside.Machine)
function Machine:at(cycles, action) end
---@param cycles integer
---@param series string
---@param probe fun(m: ringside.Machine): number?
function Machine:every(cycles, series, probe) end
---@param what "exit"|"fault"|"exits"|"console"
---@param value string|integer
---@param action fun(m: ringside.Machine)
function Machine:on(what, value, action) end
---@return integer cycles
function Machine:time() end
---@return string
function Machine:console() end
---@param text string
function Machine:type(text) end
---@return ringside.Result as far as it has come
function Machine:result() end
---@param cpu? integer
---@return { pc: integer, ring: integer, flags: integer, ptbr: integer, msw: integer, halted: integer, [integer]: integer }
function Machine:registers(cpu) end
---@param address integer guest-physical
---@param bytes? integer 1 to 8
---@return integer
function Machine:memory(address, bytes) end
function Machine:close() end

---@class ringside.Api
local Api = {}
---@param guest ringside.Guest
---@return ringside.Result
function Api.run(guest) end
---@param guest ringside.Guest
---@return table<string|integer, ringside.Result>
function Api.compare(guest) end
---@param guest ringside.Guest
---@param key string
---@param values (integer|string)[]
---@return (ringside.Result|table)[]
function Api.scan(guest, key, values) end
---@param walk { levels?: integer, ept_levels?: integer, ept_huge?: boolean, address?: integer }
---@return { references: integer, ok: boolean, steps: table[] }
function Api.translate(walk) end
---@param guest ringside.Guest
---@return ringside.Machine
function Api.machine(guest) end
---@param ... string|table a title first, if any; then results
function Api.show(...) end
---@param title string
---@param headings string[]
---@param rows (string|number|boolean)[][]
function Api.table(title, headings, rows) end
---@param title string
function Api.lesson(title) end
---@param paragraph string
function Api.text(paragraph) end
---@param text string
function Api.answer(text) end
---@param text string
function Api.look(text) end
---@param text string
function Api.try(text) end
---@param commands string of the dashboard, divided by semicolons: "goto 3000000; exit CPUID"
function Api.scene(commands) end
---@param text string
function Api.see(text) end
---@param question string
---@return ringside.Question
function Api.ask(question) end
---@param condition any
---@param text string a format
---@param ... any
---@return boolean
function Api.expect(condition, text, ...) end

lesson, text, ask, answer, look, try = Api.lesson, Api.text, Api.ask, Api.answer, Api.look, Api.try
scene, see = Api.scene, Api.see
run, compare, scan, translate, machine = Api.run, Api.compare, Api.scan, Api.translate, Api.machine
show, expect = Api.show, Api.expect

---@class ringside
ringside = {}
---@param version 1
---@return ringside.Api
function ringside.api(version) end
