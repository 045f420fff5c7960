module example.org/linkboard

go 1.19
