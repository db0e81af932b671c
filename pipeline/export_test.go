package pipeline

// TempFile is what spilling needs of a file.
type TempFile = tempFile

// SpillTo has a job make its temporary files by create.
func (j *Job) SpillTo(create func(dir string) (TempFile, error)) { j.task.createTemp = create }

// BlocksPerWorker is how many blocks of later inputs may be in flight.
const BlocksPerWorker = blocksPerWorker
